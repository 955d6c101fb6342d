/** Where public data comes from. */

/** The address of a source like "github.com/owner/name" or "doi:10.1/x"; null when it is none. */
export function linkOf(source: string): string | null {
  const doi = /^doi:(10\.\S+)$/.exec(source);
  if (doi) return `https://doi.org/${doi[1]}`;
  return /^(https:\/\/)?[\w-]+(\.[\w-]+)+\/\S*$/.test(source)
    ? `https://${source.replace("https://", "")}`
    : null;
}
