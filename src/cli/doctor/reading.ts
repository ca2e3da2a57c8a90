import type { Environment } from "#api/environment.ts";
import type { ReleasePreviewStatus } from "#api/releasepreview.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import type { Fault } from "#controllers/guards.ts";

/** What was read, or why it could not be: a sentence that says what to do. */
export type Read<T> = { readonly value: T } | { readonly trouble: string };

/** A release that the conductor was asked about. */
export interface Asked {
  /** As people write it, with its namespace where there are several. */
  readonly release: string;
  /** Undefined where it has not answered. */
  readonly status: ReleasePreviewStatus | undefined;
}

/** Whether the conductor answers. */
export type Pulse =
  | { readonly kind: "Answers"; readonly after: number }
  | { readonly kind: "Silent"; readonly after: number }
  /** It could not be asked; and what would let it. */
  | { readonly kind: "Unasked"; readonly why: string; readonly remedy: string };

/** Which rights a command takes, and which of them are not there. */
export interface Permission {
  /** The commands, for people. */
  readonly commands: string;
  /** Whether little goes without them. */
  readonly basic: boolean;
  /** `verb, verb resource`: those that are not granted. */
  readonly missing: readonly string[];
  /** Whether the API server has not said. */
  readonly unknown: boolean;
}

/** All that the checks look at. */
export interface Reading {
  readonly now: number;
  readonly namespace: string;
  readonly server: string;
  /** Of the API server, such as v1.36.1. */
  readonly version: string;
  /** The plural names that are served of our group and version. */
  readonly served: readonly string[];
  /** What the API server publishes of their schemas; undefined where that cannot be read. */
  readonly openapi: unknown;
  /** What is wrong with the admission policies; undefined when nothing is. */
  readonly policies: Read<Fault | undefined>;
  readonly permissions: readonly Permission[];
  readonly environments: Read<readonly Environment[]>;
  readonly releases: Read<readonly ServiceRelease[]>;
  /** Environments and releases whose newest generation nobody has looked at, for some seconds. */
  readonly unseen: readonly string[];
  readonly pulse: Pulse;
  readonly asked: readonly Asked[];
  /** How many releases were not asked about: they are too many. */
  readonly unasked: number;
}
