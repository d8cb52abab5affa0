/** Pools repeat in their errors what they were sent, and the password is part of that. */

/** Shorter passwords are placeholders (`x`, `123`): taking them out would only garble the text. */
const SECRET_MIN_CHARS = 4;

export function hideSecret(text: string, secret: string): string {
  return secret.length < SECRET_MIN_CHARS ? text : text.replaceAll(secret, "...");
}
