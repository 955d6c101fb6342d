/** What is said when the server cannot be reached or says nothing itself. */

export const server = {
  notReached: "The server cannot be reached.",
  brokeOff: "The server's answer broke off.",
  signInAgain: "Please sign in again.",
  tooLarge:
    "This is larger than a proxy in front of the server lets through. Ask the person who runs this site to raise its limit to 8 MB.",
  notAnswering: "The server does not answer the proxy in front of it; it may be starting anew.",
  notInTime: "The server does not answer the proxy in front of it in time.",
  unexplained: (status: number) => `The server answered ${status} without saying why.`,
  didNotWork: "That did not work. Try again.",
  incomplete: "The answer is incomplete.",
};
