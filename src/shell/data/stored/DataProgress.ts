/** What a person who waits for data wants to see. */
export type DataProgress =
  | {
      readonly _tag: 'Downloading'
      /** `name@version` */
      readonly name: string
      readonly receivedBytes: number
      /** The whole size, which is known beforehand. */
      readonly totalBytes: number
    }
  /** A download failed and is tried again. */
  | { readonly _tag: 'Retrying'; readonly name: string; readonly attempt: number; readonly problem: string }
  /** A cached file is not what it was, and is fetched again. */
  | { readonly _tag: 'Replacing'; readonly path: string; readonly problem: string }
  /** A file of what was downloaded is made into what is kept: `done` of `total` are ready. */
  | { readonly _tag: 'Unpacking'; readonly name: string; readonly done: number; readonly total: number }
  /** Everything is in its place. */
  | { readonly _tag: 'Stored'; readonly name: string; readonly folder: string }

export type OnProgress = (progress: DataProgress) => void

export const quiet: OnProgress = () => undefined
