/** Errors of reading and writing files, for a person. */
import { messageOf } from "./message.ts";

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "a part of the path is not a folder",
  EISDIR: "is a folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "no space left on the device",
  EPIPE: "the reader has closed it",
};

/** Why a file cannot be used, without the system call; the error's message if its code is not a common one. */
export function fileProblem(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return PROBLEMS[code] ?? messageOf(error);
}
