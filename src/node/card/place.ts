import type { Machine } from './machine.js';

/** Where a program runs, as far as it matters for how it gets a card. */
export const PLACES = ['colab', 'wsl', 'kubernetes', 'apptainer', 'podman', 'docker', 'linux'] as const;
export type Place = (typeof PLACES)[number];

/** What a place is called in sentences. */
export const PLACE_NAMES: Readonly<Record<Place, string>> = {
  colab: 'Colab',
  wsl: 'WSL',
  kubernetes: 'a Kubernetes pod',
  apptainer: 'an Apptainer container',
  podman: 'a Podman container',
  docker: 'a Docker container',
  linux: 'Linux',
};

/** The first that holds counts: a Colab runtime is a Docker container, too, and so is a pod. */
export function placeOf(machine: Machine): Place {
  const { environment: env } = machine;
  const set = (...names: readonly string[]): boolean => names.some((name) => Boolean(env[name]));
  if (set('COLAB_RELEASE_TAG', 'COLAB_GPU', 'COLAB_JUPYTER_IP')) return 'colab';
  if (/microsoft/i.test(machine.text('/proc/version') ?? '') && machine.has('/dev/dxg')) return 'wsl';
  if (set('KUBERNETES_SERVICE_HOST')) return 'kubernetes';
  const apptainer = set('APPTAINER_CONTAINER', 'APPTAINER_NAME', 'SINGULARITY_CONTAINER', 'SINGULARITY_NAME');
  if (apptainer || machine.has('/.singularity.d')) return 'apptainer';
  if (machine.has('/run/.containerenv')) return 'podman';
  const group = machine.text('/proc/1/cgroup') ?? '';
  if (/libpod/.test(group)) return 'podman';
  return machine.has('/.dockerenv') || /docker|containerd/.test(group) ? 'docker' : 'linux';
}

/** Whether a job of Slurm was given no card. Where Slurm gives one, it says which. */
export function slurmGaveNone({ environment: env }: Machine): boolean {
  if (!env['SLURM_JOB_ID']) return false;
  const given = [
    'CUDA_VISIBLE_DEVICES',
    'SLURM_JOB_GPUS',
    'SLURM_STEP_GPUS',
    'ROCR_VISIBLE_DEVICES',
    'GPU_DEVICE_ORDINAL',
  ];
  return !given.some((name) => env[name] && env[name] !== 'NoDevFiles' && env[name] !== '-1');
}
