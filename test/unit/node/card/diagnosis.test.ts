/** Why a card is not used, on machines that are faked file by file. */
import { describe, expect, test } from 'vitest';
import { diagnoseCard, inOneSentence, whatIsMissing } from '../../../../src/node/card/diagnosis.js';
import {
  AMD_FILES,
  DRIVER,
  fakeMachine,
  NVIDIA_FILES,
  pciCard,
  without,
  type FakeMachine,
} from '../../../support/fake-machine.js';

const LIBRARIES = [/libGLX_nvidia/, /libEGL_nvidia/];
const CAPABILITIES = 'NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics';
const WRITE_ICD = expect.stringMatching(
  /^mkdir -p \/etc\/vulkan\/icd\.d && echo '\{.*libGLX_nvidia.*\}' \| tee \/etc\/vulkan\/icd\.d\/nvidia_icd\.json$/,
);
const POD = { KUBERNETES_SERVICE_HOST: '10.0.0.1', NVIDIA_DRIVER_CAPABILITIES: 'all' };
const DOCKER = { '/.dockerenv': '' };
const WSL = { '/proc/version': 'Linux version 5.15 (Microsoft@Microsoft.com)', '/dev/dxg': '' };

interface Case {
  readonly machine: FakeMachine;
  readonly place: string;
  readonly missing: readonly string[];
  readonly lines: readonly unknown[];
}

const CASES: Readonly<Record<string, Case>> = {
  'Linux, headless driver': {
    machine: { files: without(NVIDIA_FILES, ...LIBRARIES, /nvidia_icd/) },
    place: 'linux',
    missing: ['driver library', 'ICD file'],
    lines: ['sudo apt-get install libnvidia-gl-580'],
  },
  'Linux, no kernel driver': {
    machine: { files: without(NVIDIA_FILES, /nvidia/) },
    place: 'linux',
    missing: ['kernel driver', 'device node', 'driver library', 'ICD file'],
    lines: ['sudo ubuntu-drivers install'],
  },
  'Linux, libraries of others': {
    machine: { files: without(NVIDIA_FILES, /libEGL\.so/, /libXext/, /libvulkan/) },
    place: 'linux',
    missing: ['libEGL.so.1', 'libXext.so.6', 'Vulkan loader'],
    lines: ['sudo apt-get install libegl1 libxext6 libvulkan1'],
  },
  'Linux, a variable that leads elsewhere': {
    machine: { files: NVIDIA_FILES, environment: { VK_DRIVER_FILES: '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json' } },
    place: 'linux',
    missing: ['driver variable'],
    lines: ['unset VK_DRIVER_FILES'],
  },
  'Linux, a variable that names a file that is gone': {
    machine: { files: NVIDIA_FILES, environment: { VK_ICD_FILENAMES: '/opt/nvidia_icd.json' } },
    place: 'linux',
    missing: ['driver variable'],
    lines: ['unset VK_ICD_FILENAMES'],
  },
  'Linux, a node of somebody else': {
    machine: { files: NVIDIA_FILES, closed: ['/dev/nvidia0'] },
    place: 'linux',
    missing: ['right to the device node'],
    lines: ['ls -l /dev/nvidia*'],
  },
  'Linux, the ICD file alone': {
    machine: { files: without(NVIDIA_FILES, /nvidia_icd/) },
    place: 'linux',
    missing: ['ICD file'],
    lines: [expect.stringMatching(/^sudo mkdir .* \| sudo tee /)],
  },
  'Docker without --gpus': {
    machine: { files: { ...without(NVIDIA_FILES, /\/dev\/nvidia/, ...LIBRARIES, /nvidia_icd/), ...DOCKER } },
    place: 'docker',
    missing: ['device node', 'graphics capability', 'driver library', 'ICD file'],
    lines: [`docker run --gpus all -e ${CAPABILITIES} ...`],
  },
  'Docker with compute alone, in a bare image': {
    machine: {
      files: { ...without(NVIDIA_FILES, ...LIBRARIES, /nvidia_icd/, /libEGL\.so/, /libXext/), ...DOCKER },
      environment: { NVIDIA_DRIVER_CAPABILITIES: 'compute,utility' },
    },
    place: 'docker',
    missing: ['graphics capability', 'driver library', 'libEGL.so.1', 'libXext.so.6', 'ICD file'],
    lines: [
      `docker run --gpus all -e ${CAPABILITIES} ...`,
      'RUN apt-get update && apt-get install -y libegl1 libxext6',
    ],
  },
  'Docker of an old container toolkit': {
    machine: {
      files: { ...without(NVIDIA_FILES, /nvidia_icd/), ...DOCKER },
      environment: { NVIDIA_DRIVER_CAPABILITIES: 'all' },
    },
    place: 'docker',
    missing: ['ICD file'],
    lines: [WRITE_ICD],
  },
  'Podman without CDI': {
    machine: {
      files: { ...without(NVIDIA_FILES, /\/dev\/nvidia/, ...LIBRARIES, /nvidia_icd/), '/run/.containerenv': '' },
    },
    place: 'podman',
    missing: ['device node', 'driver library', 'ICD file'],
    lines: ['sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml', 'podman run --device nvidia.com/gpu=all ...'],
  },
  'Apptainer without --nv': {
    machine: {
      files: without(NVIDIA_FILES, ...LIBRARIES, /nvidia_icd/),
      environment: { APPTAINER_CONTAINER: '/images/edgewise.sif' },
    },
    place: 'apptainer',
    missing: ['driver library', 'ICD file'],
    lines: ['apptainer exec --nv ...'],
  },
  'Singularity with --nv, which binds no ICD file': {
    machine: {
      files: {
        ...without(NVIDIA_FILES, /nvidia_icd/, /lib.*_nvidia/, /libXext/),
        '/.singularity.d/libs/libGLX_nvidia.so.0': '',
      },
      environment: { SINGULARITY_NAME: 'edgewise.sif' },
    },
    place: 'apptainer',
    missing: ['libXext.so.6', 'ICD file'],
    lines: [
      'apt-get update && apt-get install -y libxext6',
      'apptainer exec --nv --bind /usr/share/vulkan/icd.d/nvidia_icd.json ...',
    ],
  },
  'Slurm without a card': {
    machine: { files: NVIDIA_FILES, environment: { SLURM_JOB_ID: '7', CUDA_VISIBLE_DEVICES: 'NoDevFiles' } },
    place: 'linux',
    missing: ['job with a card'],
    lines: ['#SBATCH --gres=gpu:1'],
  },
  'Slurm and Apptainer, both without': {
    machine: {
      files: without(NVIDIA_FILES, /\/dev\/nvidia/, ...LIBRARIES, /nvidia_icd/),
      environment: { SLURM_JOB_ID: '7', APPTAINER_NAME: 'edgewise.sif' },
    },
    place: 'apptainer',
    missing: ['job with a card', 'device node', 'driver library', 'ICD file'],
    lines: ['#SBATCH --gres=gpu:1', 'apptainer exec --nv ...'],
  },
  'Kubernetes without a request': {
    machine: {
      files: { ...without(NVIDIA_FILES, /\/dev\/nvidia/, ...LIBRARIES, /nvidia_icd/), ...DOCKER },
      environment: { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
    },
    place: 'kubernetes',
    missing: ['device node', 'graphics capability', 'driver library', 'ICD file'],
    lines: [
      'resources: {limits: {nvidia.com/gpu: 1}}',
      'env: [{name: NVIDIA_DRIVER_CAPABILITIES, value: "compute,utility,graphics"}]',
    ],
  },
  'Kubernetes whose libraries lie in a folder of their own': {
    machine: {
      files: { ...without(NVIDIA_FILES, /lib(EGL|GLX)_nvidia/), '/usr/local/nvidia/lib64/libGLX_nvidia.so.0': '' },
      environment: POD,
    },
    place: 'kubernetes',
    missing: [],
    lines: ['VK_LOADER_DEBUG=error,warn,driver vulkaninfo --summary'],
  },
  'Colab, which has no Vulkan': {
    machine: {
      files: { ...without(NVIDIA_FILES, ...LIBRARIES, /nvidia_icd/, /libvulkan/), ...DOCKER },
      environment: { COLAB_RELEASE_TAG: 'release-colab' },
    },
    place: 'colab',
    missing: ['driver library', 'Vulkan loader', 'ICD file'],
    lines: ['!apt-get install -y libnvidia-gl-580', '!apt-get install -y libvulkan1'],
  },
  'Colab of a runtime without a card, where the driver shows one': {
    machine: {
      files: without(NVIDIA_FILES, /\/dev\/nvidia/),
      environment: { COLAB_GPU: '0' },
    },
    place: 'colab',
    missing: ['device node'],
    lines: ['Runtime > Change runtime type > T4 GPU'],
  },
  'WSL with an NVIDIA card': {
    machine: { files: { ...WSL, '/usr/lib/wsl/lib/libcuda.so.1': '', '/.dockerenv': '' } },
    place: 'wsl',
    missing: [],
    lines: ['npm run edgewise -- info   (in PowerShell)'],
  },
  'WSL with another card': {
    machine: { files: WSL },
    place: 'wsl',
    missing: [],
    lines: ['npm run edgewise -- info   (in PowerShell)'],
  },
  'AMD on Linux without Mesa': {
    machine: { files: without(AMD_FILES, /radeon/, /libvulkan/) },
    place: 'linux',
    missing: ['Vulkan loader', 'ICD file'],
    lines: ['sudo apt-get install libvulkan1 mesa-vulkan-drivers'],
  },
  'AMD, a user outside the group': {
    machine: { files: AMD_FILES, closed: ['/dev/dri/renderD128'] },
    place: 'linux',
    missing: ['right to the device node'],
    lines: ['sudo usermod -aG render $USER'],
  },
  'Intel in Docker': {
    machine: {
      files: {
        ...without(AMD_FILES, /\/dev\/dri/, /0000:03/, /radeon/),
        ...pciCard('0000:00:02.0', '0x8086'),
        ...DOCKER,
      },
    },
    place: 'docker',
    missing: ['device node', 'ICD file'],
    lines: ['docker run --device /dev/dri ...', 'RUN apt-get update && apt-get install -y mesa-vulkan-drivers'],
  },
  'AMD in Podman, group not kept': {
    machine: { files: { ...AMD_FILES, '/run/.containerenv': '' }, closed: ['/dev/dri/renderD128'] },
    place: 'podman',
    missing: ['right to the device node'],
    lines: ['podman run --device /dev/dri --group-add keep-groups ...'],
  },
};

test.each(Object.entries(CASES))('%s', (_, { machine, place, missing, lines }) => {
  const found = diagnoseCard(fakeMachine(machine))!;
  expect(found.place).toBe(place);
  expect(found.parts.filter((part) => !part.found).map(({ name }) => name)).toEqual(missing);
  expect(found.remedies.map(({ line }) => line)).toEqual(lines);
  for (const name of missing) expect(whatIsMissing(found)).toContain(name);
  expect(inOneSentence(found)).not.toContain('\n');
});

describe('nothing is said', () => {
  test.each<[string, FakeMachine]>([
    ['of a machine without a card', { files: { '/proc/version': 'Linux' } }],
    [
      "of a server's console and a virtual screen",
      { files: { ...pciCard('0000:02:00.0', '0x1a03'), ...pciCard('0000:00:01.0', '0x1af4') } },
    ],
    ['of a network card of a maker of graphics cards', { files: pciCard('0000:05:00.0', '0x10de', '0x1', '0x020000') }],
    ['on macOS', { platform: 'darwin', files: NVIDIA_FILES }],
    ['on Windows', { platform: 'win32', files: NVIDIA_FILES }],
    ['of WSL to which Windows passes no card on', { files: { '/proc/version': 'Linux (Microsoft)' } }],
  ])('%s', (_, machine) => {
    expect(diagnoseCard(fakeMachine(machine))).toBeUndefined();
  });
});

test('the card is named with its driver, NVIDIA before others', () => {
  const both = fakeMachine({ files: { ...NVIDIA_FILES, ...AMD_FILES } });
  expect(diagnoseCard(both)!.card).toBe(`an NVIDIA card (driver ${DRIVER})`);
  expect(diagnoseCard(fakeMachine({ files: AMD_FILES }))!.card).toBe('an AMD card');
  expect(diagnoseCard(fakeMachine({ files: WSL }))!.card).toBe('a card');
  const old = `NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.82.01  Wed Oct 27 21:21:55 UTC 2021\n`;
  const files = { ...NVIDIA_FILES, '/proc/driver/nvidia/version': old };
  expect(diagnoseCard(fakeMachine({ files }))!.card).toBe('an NVIDIA card (driver 470.82.01)');
});

test('a whole installation has nothing missing, whatever brought it', () => {
  for (const machine of [
    { files: NVIDIA_FILES },
    { files: { ...NVIDIA_FILES, ...DOCKER } },
    { files: NVIDIA_FILES, environment: { SLURM_JOB_ID: '7', CUDA_VISIBLE_DEVICES: '0,1' } },
    { files: NVIDIA_FILES, environment: { VK_DRIVER_FILES: '/usr/share/vulkan/icd.d' } },
    { files: NVIDIA_FILES, environment: { SLURM_JOB_ID: '7', SLURM_JOB_GPUS: '3' } },
    { files: AMD_FILES },
  ]) {
    expect(diagnoseCard(fakeMachine(machine))!.parts.filter(({ found }) => !found)).toEqual([]);
  }
});
