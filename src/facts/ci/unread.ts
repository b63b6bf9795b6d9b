/** Knows pipelines of CI systems that are not read: what they run is not known. */
import type { Facts } from '../facts.ts';

const unread =
  /^(?:\.travis\.ya?ml|\.drone\.ya?ml|\.?appveyor\.ya?ml|bitbucket-pipelines\.ya?ml|\.cirrus\.ya?ml|\.semaphore\/semaphore\.ya?ml|\.buildkite\/pipeline\.ya?ml|\.woodpecker\.ya?ml|\.woodpecker\/[^/]+\.ya?ml|buildspec\.ya?ml|\.teamcity\/settings\.kts)$/;

/** Path of the first such pipeline; undefined: there is none. */
export function unreadPipeline(facts: Facts): string | undefined {
  return facts.files.find(({ path, zone }) => zone === 'production' && unread.test(path))?.path;
}
