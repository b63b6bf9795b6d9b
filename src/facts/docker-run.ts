/** Knows the containers that scripts start with `docker run` and leave running. */
import { callsOf } from './commandline.ts';
import type { Facts } from './facts.ts';
import { eachCommand } from './shell.ts';
import type { Place } from './span.ts';

export interface DockerRun {
  readonly image: string;
  /** Words between `run` and the image. */
  readonly options: readonly string[];
  readonly place: Place;
}

const VALUED =
  /^-(?:[aehlmpuvw]|c)$|^--(?:add-host|cap-add|cap-drop|cgroupns|cpus|cpu-shares|cpuset-cpus|device|dns|entrypoint|env|env-file|expose|gpus|group-add|health-\w+|hostname|init-path|ip|ipc|label|link|log-driver|log-opt|mac-address|memory|memory-swap|mount|name|net|network|network-alias|pid|pids-limit|platform|publish|pull|restart|runtime|security-opt|shm-size|stop-signal|sysctl|tmpfs|ulimit|user|userns|volume|volumes-from|workdir)$/;

/** Detached `docker run` commands of all scripts; a run that does one thing and ends is no service. */
export function linkDockerRuns(facts: Facts): readonly DockerRun[] {
  const found: DockerRun[] = [];
  for (const { path, data } of facts.of('script')) {
    for (const { shell } of data.targets.flatMap((target) => target.recipes)) {
      eachCommand(shell.statements, (command) => {
        const call = callsOf(command).find(([program]) => /^(?:docker|podman|nerdctl)$/.test(program ?? ''));
        const run = call?.indexOf('run') ?? -1;
        if (!call || run < 1 || run > 4) return;
        const words = call.slice(run + 1);
        let i = 0;
        while (words[i]?.startsWith('-')) i += VALUED.test(words[i]!) ? 2 : 1;
        const options = words.slice(0, i);
        if (!options.some((word) => /^-(?!-)\w*d\w*$|^--detach(?:=true)?$/.test(word))) return;
        found.push({ image: words[i] ?? '?', options, place: { path, span: command.span } });
      });
    }
  }
  return found;
}
