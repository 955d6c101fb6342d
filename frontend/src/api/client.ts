/** The one way to the server: session cookie, CSRF header, errors as `ApiError`. */
import * as texts from "../texts";

export interface ApiErrorBody {
  code: string;
  message: string;
  data?: unknown;
}

/** The server answered, and the answer is no; the message is a sentence for the user. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly data: unknown;
  /** Seconds the server asked to wait, else null. */
  readonly retryAfterS: number | null;

  constructor(status: number, body: ApiErrorBody, retryAfterS: number | null = null) {
    super(body.message);
    this.name = "ApiError";
    this.status = status;
    this.code = body.code;
    this.data = body.data;
    this.retryAfterS = retryAfterS;
  }
}

/** No answer: no network, no server, or it took too long. */
export class NetworkError extends Error {
  constructor(message = texts.server.notReached, options?: ErrorOptions) {
    super(message, options);
    this.name = "NetworkError";
  }
}

export interface RequestOptions {
  json?: unknown;
  body?: BodyInit;
  contentType?: string;
  query?: Record<string, string | number | undefined>;
  signal?: AbortSignal;
  /** Let the request outlive the page (at most 64 kB of body). */
  keepalive?: boolean;
}

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

export interface ClientOptions {
  /** Origin and prefix; default: this site. */
  base?: string;
  fetch?: typeof fetch;
  csrfToken?: () => string;
  /** Whose page this is: the server refuses what it sends while somebody else is signed in. */
  user?: string;
}

/** Somebody else is signed in than who opened the page. */
export const OTHER_ACCOUNT = "other_account";

/** Where a person signs in. */
export const LOGIN_PATH = "/accounts/login/";

const UNSAFE_TIMEOUT_MS = 60_000;
const READ_TIMEOUT_MS = 30_000;

export class ApiClient {
  readonly base: string;
  private readonly fetch: typeof fetch;
  private readonly csrfToken: () => string;
  private readonly user: string;

  constructor(options: ClientOptions = {}) {
    this.base = options.base ?? "";
    this.fetch = options.fetch ?? ((...request) => globalThis.fetch(...request));
    this.csrfToken = options.csrfToken ?? csrfFromCookie;
    this.user = options.user ?? "";
  }

  async json<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.send(method, path, options);
    if (response.status === 204) return undefined as T;
    const type = response.headers.get("Content-Type") ?? "";
    // A captive portal or a proxy answers 200 with a page of its own: that was not the server.
    if (!type.includes("json")) throw new NetworkError();
    return this.read<T>(response.json() as Promise<T>);
  }

  async bytes(path: string, options: RequestOptions = {}): Promise<ArrayBuffer> {
    const response = await this.send("GET", path, options);
    return this.read(response.arrayBuffer());
  }

  /** The body may break off while it is read: that is the network too. */
  private async read<T>(body: Promise<T>): Promise<T> {
    try {
      return await body;
    } catch (error) {
      throw new NetworkError(texts.server.brokeOff, { cause: error });
    }
  }

  private async send(method: Method, path: string, options: RequestOptions): Promise<Response> {
    const response = await this.attempt(method, path, options);
    // The login page after a redirect is a 200 too.
    if (response.redirected && new URL(response.url).pathname.startsWith(LOGIN_PATH)) {
      throw new ApiError(401, { code: "not_authenticated", message: texts.server.signInAgain });
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  private async attempt(method: Method, path: string, options: RequestOptions): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json, */*;q=0.5" };
    let body = options.body ?? null;
    if (options.json !== undefined) {
      body = JSON.stringify(options.json);
      headers["Content-Type"] = "application/json";
    }
    if (options.contentType) headers["Content-Type"] = options.contentType;
    if (method !== "GET") headers["X-CSRFToken"] = this.csrfToken();
    if (method !== "GET" && this.user) headers["X-Page-User"] = this.user;
    const limit = method === "GET" ? READ_TIMEOUT_MS : UNSAFE_TIMEOUT_MS;
    const timeout = AbortSignal.timeout(limit);
    try {
      return await this.fetch(this.base + path + queryOf(options.query), {
        method,
        headers,
        body,
        credentials: "same-origin",
        keepalive: options.keepalive ?? false,
        signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new NetworkError(undefined, { cause: error });
    }
  }
}

function queryOf(query: RequestOptions["query"]): string {
  if (!query) return "";
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

async function errorOf(response: Response): Promise<ApiError> {
  const wait = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const retryAfterS = Number.isFinite(wait) ? wait : null;
  const body: unknown = await response.json().catch(() => null);
  if (isErrorBody(body)) return new ApiError(statusOf(response, body), body, retryAfterS);
  const message = SENTENCES[response.status] ?? texts.server.unexplained(response.status);
  return new ApiError(response.status, { code: "unknown", message }, retryAfterS);
}

/** What a proxy in front of the server means by an answer of its own. */
const SENTENCES: Record<number, string> = {
  413: texts.server.tooLarge,
  502: texts.server.notAnswering,
  503: texts.server.notAnswering,
  504: texts.server.notInTime,
};

/** Session authentication of DRF answers 403 to the signed out: the code tells. */
function statusOf(response: Response, body: ApiErrorBody): number {
  return ["not_authenticated", OTHER_ACCOUNT].includes(body.code) ? 401 : response.status;
}

function isErrorBody(body: unknown): body is ApiErrorBody {
  return (
    typeof body === "object" &&
    body !== null &&
    "code" in body &&
    typeof body.code === "string" &&
    "message" in body &&
    typeof body.message === "string"
  );
}

export function csrfFromCookie(): string {
  if (typeof document === "undefined") return "";
  const match = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie);
  return match?.[1] ? decodeURIComponent(match[1]) : "";
}
