/** Token in, session out. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useKit } from "../model/context.ts";

export function LoginPage({ hasExpired }: { readonly hasExpired: boolean }) {
  const { signIn } = useKit();
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = "Sign in - Kumpel";
    field.current?.focus();
  }, []);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const refusal = await signIn(token.trim());
    setBusy(false);
    setProblem(refusal);
    if (refusal !== null) field.current?.select();
  };
  return (
    <main class="login">
      <h1>Sign in to this miner</h1>
      {hasExpired && (
        <p class="notice warn" role="status" data-testid="expired">
          The session has ended: sign in again. What you were looking at comes back.
        </p>
      )}
      <form onSubmit={(event) => void submit(event)}>
        <label for="token">Token</label>
        <input
          ref={field}
          id="token"
          type="password"
          autocomplete="current-password"
          required
          value={token}
          aria-invalid={problem !== null}
          aria-describedby="token-help token-problem"
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        <p id="token-problem" role="alert" class="bad" data-testid="login-problem">
          {problem !== null && `Not signed in: ${problem.replace(/\.$/, "")}.`}
        </p>
        <button type="submit" disabled={isBusy}>
          Sign in
        </button>
        <p id="token-help" class="quiet">
          It begins with kmp_. The first start of the miner shows the owner's token on its console, once; one that was
          lost is replaced there by <code>kumpel config token --data FOLDER</code>.
        </p>
      </form>
    </main>
  );
}
