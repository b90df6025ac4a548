/**
 * The wheel that provides libtensorflow if tfjs-node's own host is out of reach. The Python package tensorflow-cpu
 * contains the same library, and Python's registry is often reachable (or mirrored) where Google's storage is not.
 *
 * One wheel is pinned by its hash. It may be for another Python version than the installed one, since none of its
 * Python code is run.
 */

/** A wheel in Python's registry, pinned by the hash that the registry publishes. */
export interface PinnedWheel {
  readonly project: string
  readonly version: string
  /** The wheel's file name, also in the cache. */
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  /** The tags by which pip selects the wheel, instead of those of the Python that runs pip. */
  readonly tags: { readonly python: string; readonly abi: string; readonly platform: string }
}

export const tensorflowWheel: PinnedWheel = {
  project: 'tensorflow-cpu',
  version: '2.21.0',
  file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
  bytes: 273_829_956,
  sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
  tags: { python: '3.11', abi: 'cp311', platform: 'manylinux_2_27_x86_64' },
}

/** The wheel's line in a requirements file; with its hash, pip refuses any other content. */
export const requirement = ({ project, version, sha256 }: PinnedWheel): string =>
  `${project}==${version} --hash=sha256:${sha256}\n`

/** The arguments with which pip downloads the wheel, and nothing else, into `folder`. */
export const pipArguments = (
  { tags }: PinnedWheel,
  { requirements, folder }: { readonly requirements: string; readonly folder: string },
): ReadonlyArray<string> => [
  'download',
  '--quiet',
  '--no-input',
  '--disable-pip-version-check',
  // Our own cache keeps the wheel; pip's cache would hold a second copy.
  '--no-cache-dir',
  '--no-deps',
  '--only-binary=:all:',
  '--implementation=cp',
  `--python-version=${tags.python}`,
  `--abi=${tags.abi}`,
  `--platform=${tags.platform}`,
  '--require-hashes',
  '--retries=1',
  '--timeout=20',
  `--dest=${folder}`,
  `--requirement=${requirements}`,
]
