import { z } from "zod";
import { commentOf, contextOf, descriptionOf, markerOf } from "./comment.ts";
import type { Message } from "./message.ts";
import { failureOf, resultOf, type SendResult } from "./outcome.ts";
import type { Post, PostAnswer, PostRequest } from "./post.ts";
import type { CommitReceiver } from "./receiver.ts";

/** The outcome goes back to the commit: a status, and where it is wanted a comment. */

/** What differs between the two. */
interface Host {
  readonly headers: Readonly<Record<string, string>>;
  /** A status, whose state is set again and again. */
  readonly status: string;
  readonly statusBody: object;
  /** Whether a refusal of 400 may mean that the commit has this status already; then it is looked up here. */
  readonly statuses: string | undefined;
  readonly state: string;
  readonly comments: string;
  readonly commentBody: object;
}

const PER_PAGE = 50;
const MOST_PAGES = 20;

/** Sets the status, then writes the comment. `again`: it may have been sent before. */
export async function toCommit(
  receiver: CommitReceiver,
  message: Message,
  post: Post,
  signal: AbortSignal,
  again: boolean,
): Promise<SendResult> {
  const { repository = "" } = message;
  const host = receiver.type === "GitHub" ? github(receiver, message, repository) : gitlab(receiver, message, repository);
  const base = receiver.url.open();
  const ask = (method: PostRequest["method"], path: string, body?: object): Promise<PostAnswer> => {
    const headers = { accept: "application/json", ...host.headers, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const url = new URL(`${base.href.replace(/\/+$/, "")}${path}`);
    return post.send({ method, url, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }, signal);
  };
  try {
    const status = await setStatus(host, ask);
    if (status.kind !== "Sent" || !message.comment || !isEnd(message)) return status;
    if (again) {
      const found = await findComment(host, markerOf(message), ask);
      if (found !== "Absent") return found;
    }
    return resultOf(await ask("POST", host.comments, host.commentBody));
  } catch (error) {
    return failureOf(error);
  }
}

type Ask = (method: PostRequest["method"], path: string, body?: object) => Promise<PostAnswer>;

/** A comment is for what stays: how it ended. */
function isEnd({ outcome }: Message): boolean {
  return outcome !== undefined;
}

async function setStatus(host: Host, ask: Ask): Promise<SendResult> {
  const answer = await ask("POST", host.status, host.statusBody);
  const result = resultOf(answer);
  if (answer.status !== 400 || host.statuses === undefined) return result;
  // GitLab refuses a state that the commit has already.
  const known = statusList.safeParse(parsed((await ask("GET", host.statuses)).body));
  const newest = known.success ? known.data.toSorted((a, b) => b.id - a.id)[0] : undefined;
  return newest?.status === host.state ? { kind: "Sent", message: "the commit has this status already" } : result;
}

const statusList = z.array(z.object({ id: z.number(), status: z.string() }));
const commentList = z.array(z.object({ body: z.string().optional(), note: z.string().optional() }));

async function findComment({ comments }: Host, marker: string, ask: Ask): Promise<SendResult | "Absent"> {
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const answer = await ask("GET", `${comments}?per_page=${PER_PAGE}&page=${page}`);
    const result = resultOf(answer);
    if (result.kind !== "Sent") return result;
    const list = commentList.safeParse(parsed(answer.body));
    if (!list.success) return UNREADABLE;
    if (list.data.some(({ body, note }) => (body ?? note ?? "").startsWith(marker)))
      return { kind: "Sent", message: "the comment is there already" };
    if (list.data.length < PER_PAGE) return "Absent";
  }
  return UNREADABLE;
}

const UNREADABLE: SendResult = { kind: "Refused", message: "whether the comment is there already cannot be read: it is not written again" };

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** https://docs.github.com/en/rest/commits/statuses and …/comments */
function github({ token }: CommitReceiver, message: Message, repository: string): Host {
  const path = `/repos/${repository.split("/").map(encodeURIComponent).join("/")}`;
  const state = githubState(message);
  const { commit } = message.values;
  return {
    headers: { accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28", authorization: `Bearer ${token.open()}` },
    status: `${path}/statuses/${commit}`,
    statusBody: { state, context: contextOf(message), description: descriptionOf(message), ...target(message) },
    statuses: undefined,
    state,
    comments: `${path}/commits/${commit}/comments`,
    commentBody: { body: commentOf(message) },
  };
}

/** https://docs.gitlab.com/api/commits */
function gitlab({ token }: CommitReceiver, message: Message, repository: string): Host {
  const path = `/projects/${encodeURIComponent(repository)}`;
  const state = gitlabState(message);
  const { commit } = message.values;
  const name = contextOf(message);
  return {
    headers: { "private-token": token.open() },
    status: `${path}/statuses/${commit}`,
    statusBody: { state, name, description: descriptionOf(message), ...target(message) },
    statuses: `${path}/repository/commits/${commit}/statuses?${new URLSearchParams({ name })}`,
    state,
    comments: `${path}/repository/commits/${commit}/comments`,
    commentBody: { note: commentOf(message) },
  };
}

/** Where a click on the status leads. */
function target({ url }: Message): { readonly target_url?: string } {
  return url === undefined ? {} : { target_url: url };
}

function githubState({ phase, outcome }: Message): "pending" | "success" | "failure" | "error" {
  switch (phase) {
    case "Started":
    case "WaitingForApproval":
      return "pending";
    case "Failed":
    case "RolledBack":
      return outcome === "Aborted" ? "error" : "failure";
    case "Finished":
      return outcome === "Superseded" ? "error" : "success";
  }
}

function gitlabState({ phase, outcome }: Message): "running" | "success" | "failed" | "canceled" {
  switch (phase) {
    case "Started":
    case "WaitingForApproval":
      return "running";
    case "Failed":
    case "RolledBack":
      return outcome === "Aborted" ? "canceled" : "failed";
    case "Finished":
      return outcome === "Superseded" ? "canceled" : "success";
  }
}
