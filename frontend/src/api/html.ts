/** Pages that the server makes. */

/** The page that is open, as the server would make it now; undefined when it does not answer. */
export async function thisPageAnew(): Promise<Document | undefined> {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return undefined;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}
