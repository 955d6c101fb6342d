import { expect, test } from "vitest";
import { NewestAnswer } from "../../src/ui/pages/parts/newest_answer";

function deferred() {
  let answer: (value: string) => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((done, fail) => {
    answer = done;
    refuse = fail;
  });
  return { question: () => promise, answer, refuse };
}

test("of two questions only the newer one's answer counts, whichever comes first", async () => {
  const heard: string[] = [];
  const taker = {
    take: (answer: string) => void heard.push(answer),
    fail: (error: unknown) => void heard.push(String(error)),
    settle: () => void heard.push("settled"),
  };
  const newest = new NewestAnswer();
  const [old, lost, young] = [deferred(), deferred(), deferred()];
  const asked = [old, lost, young].map(({ question }) => newest.ask(question, taker));

  young.answer("young");
  old.answer("old");
  lost.refuse(new Error("lost"));
  await Promise.all(asked);

  expect(heard).toEqual(["young", "settled"]);
});

test("a newest question that fails is told, and settled after that", async () => {
  const heard: string[] = [];
  await new NewestAnswer().ask(() => Promise.reject(new Error("no network")), {
    take: () => void heard.push("taken"),
    fail: async (error) => {
      await Promise.resolve();
      heard.push(String(error));
    },
    settle: () => void heard.push("settled"),
  });

  expect(heard).toEqual(["Error: no network", "settled"]);
});
