/**
 * Where libtensorflow comes from when tfjs-node's own host is out of reach: the Python package tensorflow-cpu holds
 * the same library, and Python's registry is often reachable (or mirrored) where Google's storage is not.
 *
 * One wheel, for one Python, is pinned by its hash, whatever Python is here: no Python code of it is run.
 */

/** A wheel in Python's registry, pinned by the hash that the registry publishes. */
export interface PinnedWheel {
  readonly project: string
  readonly version: string
  /** The wheel's file name, by which it is cached. */
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  /** What pip is told to choose by, instead of by the Python that runs it. */
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

/** The wheel's line in a requirements file, by which pip refuses any other content. */
export const requirement = ({ project, version, sha256 }: PinnedWheel): string =>
  `${project}==${version} --hash=sha256:${sha256}\n`

/** pip's arguments that put the wheel, and nothing else, into `folder`. */
export const pipArguments = (
  { tags }: PinnedWheel,
  { requirements, folder }: { readonly requirements: string; readonly folder: string },
): ReadonlyArray<string> => [
  'download',
  '--quiet',
  '--no-input',
  '--disable-pip-version-check',
  // The wheel is kept in our cache; pip's would hold it a second time.
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
