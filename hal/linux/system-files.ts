/**
 * The kernel's small text files (/sys, /proc) below a root folder, so that tests and support bundles can stand in for a
 * live system.
 */
import { constants } from "node:fs";
import fs from "node:fs/promises";
import path from "node:path";

/** What the users of attribute files need; tests put their own in front to see the order of writes. */
export interface AttributeFiles {
  /** Text of a file without the blanks at its end, or null where there is none that can be read. */
  read(name: string): Promise<string | null>;
  write(name: string, text: string): Promise<void>;
  /** Names in a folder, numbers in their order; empty where there is none. */
  list(name: string): Promise<string[]>;
  exists(name: string): Promise<boolean>;
  /** Where a link leads in the end, or null. */
  realPath(name: string): Promise<string | null>;
}

export class SystemFiles implements AttributeFiles {
  readonly root: string;

  constructor(root = "/") {
    this.root = root;
  }

  /** Full path of a name below the root. */
  path(name: string): string {
    return path.join(this.root, name);
  }

  async read(name: string): Promise<string | null> {
    return fs.readFile(this.path(name), "utf8").then(
      (text) => text.trimEnd(),
      () => null,
    );
  }

  async write(name: string, text: string): Promise<void> {
    // Never creates: a file that the kernel does not offer must be an error. Some may be opened for writing only.
    const file = await fs.open(this.path(name), constants.O_WRONLY | constants.O_TRUNC);
    try {
      await file.write(text);
    } finally {
      await file.close();
    }
  }

  async list(name: string): Promise<string[]> {
    const names = await fs.readdir(this.path(name)).catch((): string[] => []);
    return names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  }

  async exists(name: string): Promise<boolean> {
    return fs.access(this.path(name)).then(
      () => true,
      () => false,
    );
  }

  async realPath(name: string): Promise<string | null> {
    try {
      const [target, root] = await Promise.all([fs.realpath(this.path(name)), fs.realpath(this.root)]);
      return `/${path.relative(root, target)}`;
    } catch {
      return null;
    }
  }
}
