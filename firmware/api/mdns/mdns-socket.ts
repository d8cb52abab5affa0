/** The socket of multicast DNS, by the package that knows groups, interfaces and packets. Loaded when it is switched on. */
import type { Answer, Question as PackedQuestion } from "dns-packet";
import type { OwnRecord, Question, Said } from "./records.ts";

export interface Asked {
  readonly questions: readonly Question[];
  /** What the asker knows already. */
  readonly known: readonly Said[];
  readonly id: number;
  readonly from: { readonly address: string; readonly port: number };
  /** From another port than that of multicast DNS: answered to the asker alone, with its number and its question. */
  readonly isPlain: boolean;
}

export interface MdnsListeners {
  readonly onQuery: (asked: Asked) => void;
  readonly onResponse: (answers: readonly Said[]) => void;
  /** The port cannot be had. */
  readonly onError: (error: Error) => void;
}

export interface MdnsSocket {
  /** To all, or to the one who asked in the way of plain DNS. */
  respond(answers: readonly OwnRecord[], additionals: readonly OwnRecord[], to: Asked | null): void;
  ask(questions: readonly Question[]): void;
  /** Resolves when what was said has left. */
  close(): Promise<void>;
}

export type OpenMdns = (listeners: MdnsListeners) => Promise<MdnsSocket>;

const MDNS_PORT = 5353;
const PLAIN_TTL_S = 10;

/** @param options.address listen and speak on this interface only; absent: on all. */
export function mdnsOpener(options: { readonly address?: string; readonly port?: number } = {}): OpenMdns {
  return async ({ onQuery, onResponse, onError }) => {
    const { default: multicastDns } = await import("multicast-dns");
    const { address, port = MDNS_PORT } = options;
    const socket = multicastDns({
      ...(address === undefined ? {} : { interface: address, bind: "0.0.0.0" }),
      port,
    });
    // Strangers' packets that cannot be read, interfaces without multicast: nothing to do about either.
    socket.on("warning", () => undefined);
    socket.on("error", onError);
    socket.on("query", (packet, from) =>
      onQuery({
        questions: packet.questions ?? [],
        known: said(packet.answers),
        id: packet.id ?? 0,
        from,
        isPlain: from.port !== port,
      }),
    );
    socket.on("response", (packet) => onResponse([...said(packet.answers), ...said(packet.additionals)]));
    let sent: Promise<void> = Promise.resolve();
    return {
      respond: (answers, additionals, to) => {
        sent = new Promise((resolve) => {
          const done = (): void => resolve();
          if (to === null) socket.respond({ answers: copied(answers), additionals: copied(additionals) }, done);
          else
            socket.respond(
              {
                id: to.id,
                questions: packed(to.questions),
                answers: copied(answers).map(plain),
                additionals: copied(additionals).map(plain),
              },
              { address: to.from.address, port: to.from.port },
              done,
            );
        });
      },
      ask: (questions) => socket.query(packed(questions)),
      close: async () => {
        await sent;
        await new Promise<void>((resolve) => socket.destroy(() => resolve()));
      },
    };
  };
}

/** The package writes bytes into the records that it packs. */
function copied(records: readonly OwnRecord[]): OwnRecord[] {
  return structuredClone(records) as OwnRecord[];
}

function plain(record: OwnRecord): Answer {
  return Object.assign({}, record, { flush: false, ttl: Math.min(PLAIN_TTL_S, record.ttl ?? 0) });
}

/** The types of the package know no `ANY`, which it packs all the same. */
function packed(questions: readonly Question[]): PackedQuestion[] {
  return questions.map(({ name, type }) => ({ name, type: type as PackedQuestion["type"] }));
}

function said(answers: readonly Answer[] | undefined): Said[] {
  return (answers ?? []).map((answer) => Object.assign({}, answer) as Said);
}
