/** Which faces for other people's tools there are and where they listen; what main thread and worker tell each other of it. */
import { z } from "zod";

export const FACE_NAMES = ["cgminer", "stock", "status", "metrics"] as const;
export type FaceName = (typeof FACE_NAMES)[number];

const place = z.object({
  host: z.string(),
  /** 0 picks a free port. */
  port: z.number().int().min(0).max(65_535),
  /** True when the port is only a default: then a free one serves as well. */
  isPortDefault: z.boolean(),
  /** The command line names it: it is had or the run ends. */
  isAsked: z.boolean(),
});
export type FacePlace = z.infer<typeof place>;

export const faceOptions = z.object({
  /** Null: it does not listen. */
  places: z.object({
    cgminer: place.nullable(),
    stock: place.nullable(),
    status: place.nullable(),
    metrics: place.nullable(),
  }),
  /** Of the stock face; null: nobody may sign on. */
  stockLogin: z
    .union([
      z.object({ user: z.string(), password: z.string() }),
      /** As the face keeps it: see `WebCredentials`. */
      z.object({ user: z.string(), ha1: z.string() }),
    ])
    .nullable(),
  /** Who may order over the cgminer API, as its clients write it. */
  cgminerAllow: z.string(),
  /** What those with letters of their own may say, likewise. */
  cgminerGroups: z.string(),
});
export type FaceOptions = z.infer<typeof faceOptions>;

export type FacePorts = Readonly<Record<FaceName, number | null>>;

/** A face whose port could not be had: the others listen all the same. */
export interface FaceFailure {
  readonly face: FaceName;
  readonly place: FacePlace;
  readonly code: string;
  readonly message: string;
}

export interface StartedFaces {
  readonly ports: FacePorts;
  readonly failures: readonly FaceFailure[];
}

export const NO_FACES: StartedFaces = {
  ports: { cgminer: null, stock: null, status: null, metrics: null },
  failures: [],
};
