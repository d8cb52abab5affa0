/** Sends a file to the board and tells how far it is, which `fetch` cannot. */

import type { CommandAnswer, Got } from "./api-types.ts";

const LOST = "The connection was lost before the board answered; look at its state above.";
const NO_SENSE = "The board answered something that this page does not understand.";

/** @param onSent 0 to 1, of the file. Never rejects. */
export function upload(url: string, file: Blob, onSent: (share: number) => void): Promise<Got<CommandAnswer>> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => onSent(total === 0 ? 0 : loaded / total);
    request.onerror = () => resolve({ ok: false, status: 0, message: LOST });
    request.onload = () => {
      const answer = answerOf(request.responseText);
      if (answer === null) resolve({ ok: false, status: request.status, message: NO_SENSE });
      else if (request.status === 200) resolve({ ok: true, data: answer });
      else resolve({ ok: false, status: request.status, message: answer.message });
    };
    request.send(file);
  });
}

function answerOf(text: string): CommandAnswer | null {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null && "message" in answer ? (answer as CommandAnswer) : null;
  } catch {
    return null;
  }
}
