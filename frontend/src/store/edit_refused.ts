/** An edit that cannot be done now; the message is a sentence for the user. */
export class EditRefused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "EditRefused";
    this.code = code;
  }
}
