/** docs/MQTT.md, from the tables of entities and of alerts; a test compares the two. */
import { CONDITIONS } from "../alerts/conditions.ts";
import { type Entity, exampleEntities } from "./entity-table.ts";

export function mqttPage(): string {
  const entities = exampleEntities();
  return [
    HEAD,
    entityTable(entities.filter(({ isControl }) => !isControl)),
    CONTROLS_HEAD,
    controlTable(entities.filter(({ isControl }) => isControl)),
    CONTROLS_TAIL,
    ALERTS_HEAD,
    alertTable(),
    TAIL,
  ].join("\n");
}

function entityTable(entities: readonly Entity[]): string {
  const rows = entities.map(({ key, component, unit, deviceClass, stateClass, source }) => {
    const classes = [deviceClass, stateClass].filter((text) => text !== null).join(", ");
    return `| \`${key}\` | ${component} | ${unit ?? ""} | ${classes} | ${source} |\n`;
  });
  return `| key | entity | unit | classes | where it comes from |\n| --- | --- | --- | --- | --- |\n${rows.join("")}`;
}

function controlTable(entities: readonly Entity[]): string {
  const rows = entities.map(({ key, component, read, source }) => {
    return `| \`${key}\` | ${component} | ${read === null ? "`PRESS`: " : ""}${source} |\n`;
  });
  return `| topic below \`BASE/set\` | entity | what it takes and does |\n| --- | --- | --- |\n${rows.join("")}`;
}

function alertTable(): string {
  const rows = CONDITIONS.map(({ id, severity, title, raiseAfterMs, clearAfterMs, repeatMs, isEvent }) => {
    const after = isEvent ? "" : timeText(clearAfterMs);
    return `| \`${id}\` | ${severity} | ${title} | ${timeText(raiseAfterMs)} | ${after} | ${isEvent ? "" : timeText(repeatMs)} |\n`;
  });
  const head = "| id | severity | meaning | told when it stood for | resolved when gone for | told again every |";
  return `${head}\n| --- | --- | --- | --- | --- | --- |\n${rows.join("")}`;
}

function timeText(ms: number): string {
  if (ms === 0) return "at once";
  if (ms < 60_000) return `${ms / 1_000} s`;
  return ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`;
}

const HEAD = `# MQTT, Home Assistant, alerts

Written from the tables in \`firmware/api/mqtt/entity-table.ts\` and \`firmware/api/alerts/conditions.ts\` by
\`npx vitest run test/firmware/api/mqtt -u\`. What is switched off here is not loaded.

    [network.mqtt]
    url = "mqtts://broker.example"
    user = "miner"
    password = "..."
    allow_control = true   # else it only tells

The keys stand in [SETTINGS.md](SETTINGS.md). A broker behind TLS is trusted in the same three ways as a pool: by authorities, by one
pinned certificate, or unchecked; user and password are sent only after that. A change takes effect with a restart.

## Topics

\`BASE\` is \`network.mqtt.base_topic\`, or \`kumpel/\` and the MAC address (else the serial number, else the host's name; an emulated
machine says so in front). The MAC address is that of the first interface with hardware behind it, with or without an address of its
own. Where neither it nor the serial number is known, the first connection waits for them, 60 s at most. Should they come later, the
machine connects anew under the right name, and what the broker kept under the other one is taken away.

| topic | retained | quality | what |
| --- | --- | --- | --- |
| \`BASE/availability\` | yes | 1 | \`online\`, or \`offline\`: also the last will, so the broker says it when the machine is gone |
| \`BASE/state\` | yes | 0 | one flat JSON object with the keys below, every \`period_s\` and after each command; null = unknown, never 0 |
| \`BASE/alerts\` | no | 1 | an alert as JSON, see below; up to 32 wait for a broker that is away |
| \`BASE/set/CONTROL\` | never | | commands; needs \`allow_control\` |
| \`BASE/command\` | never | | any command of the own API with scope control, as JSON: \`{"kind":"restartChain","chainIndex":1}\` ([API.md](API.md)) |
| \`BASE/answer\` | no | 1 | \`{"ok":false,"message":"one sentence","command":"mining"}\` for each command |
| \`PREFIX/COMPONENT/kumpel-ID/KEY/config\` | yes | 1 | discovery, \`PREFIX\` being \`network.mqtt.discovery_prefix\` |

State goes with quality 0, since the next one comes soon; what has no next one goes with 1. Everything is announced anew after each
connection and when Home Assistant says \`online\` on \`PREFIX/status\`. A broker that is away is tried again after 1 s, 2 s ... 60 s
(at once 60 s when it refuses the user), and the log has one line for each change. Between tries nothing is queued but alerts.
Home Assistant shows null as unknown, and everything as unavailable after six periods (at least a minute) without news. In the safe
idle (broken settings) there is no state, and the machine stays offline.

## What it tells

Chains count from 0, fans from 1, as in the log. Home Assistant accepts each unit with its class; \`TH/s\`, \`J/TH\` and \`rpm\` belong to
no class.
`;

const CONTROLS_HEAD = `## What it takes

Only with \`allow_control = true\`; without it no control is offered, and what was offered before is taken away. Whoever may write to
these topics has these rights: set the broker's own. The mode of cooling (air, immersion, hydro) is no control: a wrong choice there
takes the fans out of the watch.
`;

const CONTROLS_TAIL = `Words count as written. What is not understood, what is refused, and a command that is retained (it would be carried out anew with
each connection) is answered with one sentence. At most 4 commands wait, and 20 are taken in 10 s.

An example: no mining while electricity is dear.

    automation:
      - alias: Miner off at the evening peak
        triggers:
          - trigger: time
            at: ["17:00:00", "20:00:00"]
        actions:
          - action: "switch.turn_{{ 'off' if now().hour == 17 else 'on' }}"
            target:
              entity_id: switch.miner_mining
      - alias: Miner has a problem
        triggers:
          - trigger: mqtt
            topic: kumpel/28e2970a0b0c/alerts
        actions:
          - action: notify.notify
            data:
              title: "{{ trigger.payload_json.title }}"
              message: "{{ trigger.payload_json.kind }}: {{ trigger.payload_json.text }}"
`;

const ALERTS_HEAD = `## Alerts

To \`BASE/alerts\` where MQTT is on, and to \`alerts.webhook_url\` by POST, with \`Authorization: Bearer\` and \`alerts.webhook_token\` if
there is one. \`alerts.min_severity\` leaves out lesser ones, \`alerts.quiet\` all. The command \`testAlert\` sends one now and says for each
place whether it arrived.

    {
      "version": 1, "id": "chainLost", "kind": "raised", "severity": "critical", "title": "A chain does not hash",
      "part": "chain 1", "text": "chain 1 does not hash: no chip answers", "stands_s": 180, "at": "2026-01-01T00:00:00.000Z",
      "machine": { "id": "28e2970a0b0c", "model": "Antminer S21", "hostname": "miner7", "address": "192.0.2.7", "emulated": null }
    }

\`kind\` is \`raised\`, \`repeated\` (it still stands), \`resolved\` or \`test\`. \`part\` is empty for the whole machine; \`id\` and \`part\` together
name an alert. \`at\` is the board's own clock, which may be wrong before it was set. \`machine.emulated\` says what is not real.
A machine that idles (\`idle\`) tells that alone, and the webhook only.
`;

const TAIL = `A webhook has 7 s to answer with a status of 200 to 299. A status of 400 to 499 is final (but 408, 425, 429); else it is tried six times
with growing pauses. 32 alerts wait at most. Redirects are not followed. The log names its host, never its address.

## On the local network

With \`network.mdns\` the machine is announced by multicast DNS as \`NAME.local\` and as \`Kumpel NAME\` of \`_http._tcp\` (\`_https._tcp\`
with \`network.http.tls\`) for browsers, with \`path\` \`/\`, and of \`_kumpel._tcp\` for managers, with \`path\` \`/api/v1\` and \`scheme\` \`http\` or \`https\`.
Both tell \`version\`, \`firmware\`, \`model\`, and \`serial\` and \`mac\` where they are known. A name that somebody has already gets
the end of the MAC address (\`NAME-0a0b0c\`; \`NAME-2\` where there is none); a machine whose 20 names are all taken is not announced, and
the log says so.
IPv4 only, with the address of the first interface that leads out.
`;
