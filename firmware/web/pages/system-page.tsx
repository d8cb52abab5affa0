/** Everything about the machine that is not mining. */
import type { Settings } from "../model/api-types.ts";
import { usePolled, useSettings, useSnapshot } from "../model/context.ts";
import { duration, UNKNOWN } from "../model/format.ts";
import { valueAt } from "../model/settings-tree.ts";
import { Act } from "../parts/act.tsx";
import { Backup } from "../parts/backup.tsx";
import { Card } from "../parts/card.tsx";
import { NetworkCard } from "../parts/network-card.tsx";
import { RESTART_QUESTION } from "../parts/restart-hint.tsx";
import { SettingsForm } from "../parts/settings-form.tsx";
import { TokenList } from "../parts/token-list.tsx";
import { UpdateCard } from "../parts/update-card.tsx";
import { Value, Values } from "../parts/value.tsx";

/** Tables of settings that have no page of their own, as the menu of this one. */
const TABLES = [
  { title: "Network", prefixes: ["network.http.", "network.mdns."] },
  {
    title: "Faces for other tools",
    prefixes: ["network.cgminer.", "network.stock.", "network.status.", "network.metrics."],
  },
  { title: "MQTT", prefixes: ["network.mqtt."] },
  { title: "Alerts", prefixes: ["alerts."] },
  { title: "Security", prefixes: ["security."] },
  { title: "Clock and voltage at the start of a run", prefixes: ["tuning."] },
  { title: "Machine", prefixes: ["machine."] },
  { title: "Log", prefixes: ["logging."] },
  { title: "Updates", prefixes: ["update."] },
] as const;

export function SystemPage() {
  const { data: settings, problem, reload } = useSettings();
  return (
    <div class="cards">
      <AboutCard settings={settings} />
      <NetworkCard />
      <UpdateCard />
      <ActsCard />
      <Card title="Tokens" isWide testId="tokens">
        <TokenList />
      </Card>
      <Card title="Backup and restore" isWide>
        {settings !== null && <Backup settings={settings} onSaved={reload} />}
      </Card>
      <Card title="Settings" isWide testId="settings">
        {problem !== null && <p class="bad">{problem}</p>}
        {settings?.problems.map((sentence) => (
          <p key={sentence} class="notice warn">
            {sentence}
          </p>
        ))}
        {settings !== null && settings.pendingRestart.length > 0 && (
          <p class="notice warn">Saved, but in force after a restart only: {settings.pendingRestart.join(", ")}.</p>
        )}
        {settings !== null &&
          TABLES.map(({ title, prefixes }) => (
            <details key={title}>
              <summary>{title}</summary>
              <SettingsForm settings={settings} prefixes={prefixes} onSaved={reload} />
            </details>
          ))}
        <p class="quiet">
          Pools and cooling have pages of their own: <a href="#pools">Pools</a>,{" "}
          <a href="#cooling">Cooling and power</a>.
        </p>
      </Card>
    </div>
  );
}

function AboutCard({ settings }: { readonly settings: Settings | null }) {
  const snapshot = useSnapshot();
  const { data: health } = usePolled("/health");
  const of = (key: string): string => String(valueAt(settings?.settings ?? {}, key) ?? UNKNOWN);
  return (
    <Card title="This machine" testId="about">
      <Values>
        <Value name="Firmware" text={health === null ? null : `Kumpel ${health.version}`} />
        <Value name="Machine" text={snapshot?.machine ?? null} note={snapshot?.controlBoard} />
        <Value name="Running since" text={snapshot === null ? null : duration(snapshot.uptimeMs)} />
        <Value
          name="You reached it at"
          text={location.host}
          note={location.protocol === "https:" ? "encrypted (TLS)" : "not encrypted"}
        />
        <Value
          name="It listens on, by its settings"
          text={`${of("network.http.listen")} port ${of("network.http.port")}`}
        />
        <Value
          name="Name"
          text={
            settings === null
              ? null
              : String(valueAt(settings.settings, "network.mdns.hostname") ?? "the system's host name")
          }
        />
        <Value
          name="Settings file"
          text={settings?.place ?? null}
          note={settings?.source === "none" ? "not written yet" : settings?.source}
        />
      </Values>
    </Card>
  );
}

function ActsCard() {
  return (
    <Card title="Acts" testId="acts">
      <div class="form">
        <Act command={{ kind: "locate", isOn: true }}>Blink the LED (ten minutes at most)</Act>
        <Act command={{ kind: "locate", isOn: false }}>Stop blinking</Act>
        <Act command={{ kind: "testAlert" }}>Send a test alert</Act>
        <Act command={{ kind: "restart" }} question={RESTART_QUESTION} isGrave>
          Restart ...
        </Act>
        <Act
          command={{ kind: "factoryReset", confirm: "factory reset" }}
          question={{
            title: "Factory reset?",
            text: "All settings are lost, pools included, and the machine restarts: it will not mine for you until you enter a pool. Tokens stay. Save the settings as a file first if you may want them back.",
            act: "Reset everything",
          }}
          isGrave
        >
          Factory reset ...
        </Act>
      </div>
    </Card>
  );
}
