/** What was accepted for whom on which day: the owner's proof that every hash went to his pools. */
import { useState } from "preact/hooks";
import { usePolled } from "../model/context.ts";
import { big, fixed } from "../model/format.ts";

const FIRST_DAYS = 14;
const ALL_DAYS = 731;
const POLL_MS = 60_000;

export function ReceiptTable() {
  const [days, setDays] = useState(FIRST_DAYS);
  const { data, problem } = usePolled(`/receipts?days=${days}`, POLL_MS);
  if (problem !== null) return <p class="bad">{problem}</p>;
  if (data === null) return <p class="quiet">Loading ...</p>;
  if (data.days.length === 0) return <p class="quiet">No share has been accepted yet.</p>;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the arrows */}
      <section class="scroll" tabIndex={0} aria-label="Table of receipts">
        <table>
          <thead>
            <tr>
              {["Day (UTC)", "Pool and user", "Accepted", "Difficulty in all", "Rejected", "Stale", "Lost"].map(
                (title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {data.days.flatMap(({ day, receipts }) =>
              receipts.map((one) => (
                <tr key={`${day} ${one.pool} ${one.user}`}>
                  <th scope="row">{day}</th>
                  <td class="name">
                    {one.pool} <span class="quiet note">as {one.user}</span>
                  </td>
                  <td>{fixed(one.acceptedShares)}</td>
                  <td>{big(one.acceptedDifficulty)}</td>
                  <td>{fixed(one.rejectedShares)}</td>
                  <td>{fixed(one.staleShares)}</td>
                  <td>{fixed(one.lostShares)}</td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      </section>
      {data.olderDays > 0 && (
        <button type="button" class="plain" onClick={() => setDays(ALL_DAYS)}>
          Show {data.olderDays} older day(s), too
        </button>
      )}
      <p class="quiet note">There is no fee of any kind in this firmware: each share goes to a pool of your list.</p>
    </>
  );
}
