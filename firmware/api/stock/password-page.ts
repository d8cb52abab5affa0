/** Changes the password of the web face. Nobody is locked out by it: a client with the old one merely gets 401. */
import { credentialsOf, isEqual } from "./digest.ts";
import { bodyObject, codePage, type Page } from "./web-types.ts";

const PASSWORD_MAX = 200;
/** Ours, after stock's codes: right, but it could not be kept. */
const NOT_KEPT = "P005";

export const changePassword: Page = async ({ parts, request, credentials, who }) => {
  const body = bodyObject(request.body) ?? {};
  const of = (key: string): string => (typeof body[key] === "string" ? body[key] : "");
  const [current, next, repeated] = [of("curPwd"), of("newPwd"), of("confirmPwd")];
  if (!isEqual(credentialsOf(credentials.user, current).ha1, credentials.ha1))
    return codePage(false, "P001", "the current password is not right");
  if (next === "") return codePage(false, "P002", "the new password is empty");
  if (repeated === "") return codePage(false, "P003", "the repeated password is empty");
  if (next !== repeated) return codePage(false, "P004", "the new passwords differ");
  if (next.length > PASSWORD_MAX || /\p{Cc}/u.test(next))
    return codePage(false, NOT_KEPT, `a password has 1 to ${PASSWORD_MAX} letters`);
  if (parts.changeCredentials === null) return codePage(false, NOT_KEPT, "the password is set in the settings file");
  const taken = await parts.changeCredentials(credentialsOf(credentials.user, next), who).catch(() => null);
  return taken?.ok === true
    ? codePage(true, "P000", "OK!")
    : codePage(false, NOT_KEPT, taken?.message ?? "the new password could not be kept");
};
