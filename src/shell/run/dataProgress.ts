/** Shows the progress of data loading. */
import type { DataProgress } from '../data/stored/DataProgress.js'
import type { Status } from './statusLine.js'

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

/** Shows the progress of data on a status display. */
export const showDataProgress =
  (status: Status) =>
  (progress: DataProgress): void => {
    switch (progress._tag) {
      case 'Downloading':
        status.show(
          () =>
            `Downloading ${progress.name}: ${megabytes(progress.receivedBytes)} of ${megabytes(progress.totalBytes)}`,
        )
        return
      case 'Waiting':
        status.note(
          `${progress.name}: nothing has arrived for ${Math.round(progress.silentMs / 1000)} s. The download is stopped ` +
            'after a minute of silence.',
        )
        return
      case 'Retrying':
        status.note(`${progress.name}: ${progress.problem}; attempt ${progress.attempt} …`)
        return
      case 'Replacing':
        status.note(`${progress.path} has changed (${progress.problem}); fetching it again.`)
        return
      case 'Unpacking':
        status.show(() => `Unpacking ${progress.name}: ${progress.done} of ${progress.total} files are ready`)
        return
      case 'Stored':
        status.note(`Stored ${progress.name} in ${progress.folder}.`)
        return
    }
  }
