/** What the page takes from its browser beside the document: time, a memory for small things, files to save. */

export const browser = {
  /** Monotonic. */
  nowMs: (): number => performance.now(),
  wallMs: (): number => Date.now(),
  /** 0 to 1. */
  random: (): number => Math.random(),

  /** @returns what calls it off. */
  after(delayMs: number, act: () => void): () => void {
    const timer = setTimeout(act, delayMs);
    return () => clearTimeout(timer);
  },

  /** When what is drawn now is on the screen. @returns what calls it off. */
  afterPaint(act: () => void): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(act, 0);
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  },

  every(periodMs: number, act: () => void): () => void {
    const timer = setInterval(act, periodMs);
    return () => clearInterval(timer);
  },

  /** Null: nothing is remembered, or the browser keeps nothing. */
  recall(key: string): string | null {
    try {
      return localStorage.getItem(`kumpel.${key}`);
    } catch {
      return null;
    }
  },

  remember(key: string, value: string | null): void {
    try {
      if (value === null) localStorage.removeItem(`kumpel.${key}`);
      else localStorage.setItem(`kumpel.${key}`, value);
    } catch {
      // A browser that keeps nothing forgets it with the tab; nothing here needs it.
    }
  },

  saveFile(name: string, media: string, text: string): void {
    const address = URL.createObjectURL(new Blob([text], { type: media }));
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    URL.revokeObjectURL(address);
  },
};
