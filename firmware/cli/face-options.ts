/** Where the faces for other people's tools listen: options of the command line over settings over the demo's own ports. */
import type { FaceName, FaceOptions, FacePlace } from "../api/face-places.ts";
import type { Settings } from "../config/schema.ts";
import { LOOPBACK } from "../platform/platform.ts";

export const FACES_HELP = `  --cgminer-port, --stock-port, --status-port, --metrics-port PORT
                         the same for the cgminer API (4028), the stock web face (80; --demo 8081), its status port (6060)
                         and Prometheus metrics (9100); off unless this or the settings say so, or --demo`;

/** Ports of `--demo`; they give way to free ones. The stock face's own port 80 takes the rights of root. */
const DEMO_PORTS: Readonly<Record<FaceName, number>> = { cgminer: 4028, stock: 8081, status: 6060, metrics: 9100 };
/** Managers try these first; nothing but the loopback interface sees them. */
const DEMO_LOGIN = { user: "root", password: "root" };

/** @param ports by face, as given on the command line. */
export function faceOptionsOf(
  ports: Readonly<Partial<Record<FaceName, number>>>,
  { network }: Settings,
  isDemo: boolean,
): FaceOptions {
  const place = (face: FaceName): FacePlace | null => {
    const asked = ports[face];
    const isAsked = asked !== undefined;
    if (isDemo) return { host: LOOPBACK, port: asked ?? DEMO_PORTS[face], isPortDefault: !isAsked, isAsked };
    const { enabled, listen, port } = network[face];
    if (!enabled && !isAsked) return null;
    return { host: listen, port: asked ?? port, isPortDefault: false, isAsked };
  };
  const { user, password, ha1 } = network.stock;
  const login = password === undefined ? null : { user, password };
  return {
    places: { cgminer: place("cgminer"), stock: place("stock"), status: place("status"), metrics: place("metrics") },
    stockLogin: login ?? (ha1 === undefined ? (isDemo ? DEMO_LOGIN : null) : { user, ha1 }),
    cgminerAllow: network.cgminer.allow,
    cgminerGroups: network.cgminer.groups,
  };
}
