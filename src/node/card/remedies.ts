import type { Vendor } from './cards.js';
import type { PartName } from './parts.js';
import type { Place } from './place.js';

/** What is known of a card that Vulkan does not reach. */
export interface Trouble {
  readonly vendor: Vendor;
  readonly place: Place;
  readonly missing: readonly PartName[];
  /** Of NVIDIA's kernel driver. */
  readonly driver: string | undefined;
  /** Of `driver variable`: which one. */
  readonly variable: string | undefined;
}

/** A step towards the card: what it does, and the line to add or to run. */
export interface Remedy {
  readonly what: string;
  readonly line: string;
}

const CAPABILITIES = 'NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics';
const ICD_JSON = '{"file_format_version":"1.0.1","ICD":{"library_path":"libGLX_nvidia.so.0","api_version":"1.3.0"}}';
const ICD_FOLDER = '/etc/vulkan/icd.d';

/** Packages of Debian and Ubuntu. */
const PACKAGES: Partial<Record<PartName, string>> = {
  'Vulkan loader': 'libvulkan1',
  'libEGL.so.1': 'libegl1',
  'libXext.so.6': 'libxext6',
};

/** What whoever starts a container adds so that it gets an NVIDIA card with its Vulkan driver. */
const STARTED_WITH: Partial<Record<Place, readonly Remedy[]>> = {
  docker: [{ what: 'start the container with', line: `docker run --gpus all -e ${CAPABILITIES} ...` }],
  podman: [
    { what: 'generate the CDI file anew', line: 'sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml' },
    { what: 'start the container with', line: 'podman run --device nvidia.com/gpu=all ...' },
  ],
  apptainer: [{ what: 'start the container with', line: 'apptainer exec --nv ...' }],
  kubernetes: [
    { what: "give the pod's container a card", line: 'resources: {limits: {nvidia.com/gpu: 1}}' },
    {
      what: 'give it the Vulkan part of the driver',
      line: 'env: [{name: NVIDIA_DRIVER_CAPABILITIES, value: "compute,utility,graphics"}]',
    },
  ],
};

const COLAB_CARD: Remedy = { what: 'choose a runtime with a GPU', line: 'Runtime > Change runtime type > T4 GPU' };

/** The steps towards the card, in order. Options and packages as the programs' own documentation names them. */
export function remediesOf(trouble: Trouble): Remedy[] {
  const { place, vendor } = trouble;
  if (place === 'wsl') return [WINDOWS];
  return vendor === 'NVIDIA' ? nvidiaRemedies(trouble) : mesaRemedies(trouble);
}

/** WSL passes Direct3D and CUDA through, and no Vulkan. */
const WINDOWS: Remedy = {
  what: 'WSL has no Vulkan driver for cards; run Edgewise in Windows itself, where it uses Direct3D 12',
  line: 'npm run edgewise -- info   (in PowerShell)',
};

function nvidiaRemedies({ place, missing, driver, variable }: Trouble): Remedy[] {
  const lacks = (name: PartName): boolean => missing.includes(name);
  const steps: Remedy[] = [];
  if (lacks('job with a card')) steps.push(slurmStep);
  if (lacks('kernel driver')) {
    const what = place === 'linux' ? 'install the driver (Ubuntu)' : "install NVIDIA's driver on the host (Ubuntu)";
    steps.push({ what, line: 'sudo ubuntu-drivers install' });
  }
  // Slurm gives the node with the card, and a driver that is not loaded has none.
  const node = lacks('device node') && !lacks('job with a card') && !lacks('kernel driver');
  if (place === 'colab' && node) steps.push(COLAB_CARD);
  if (node || lacks('graphics capability') || lacks('driver library')) steps.push(...(STARTED_WITH[place] ?? []));
  if (lacks('right to the device node')) steps.push({ what: 'ask for the right to', line: 'ls -l /dev/nvidia*' });
  // A driver that is installed anew brings its libraries.
  if (lacks('driver library') && driver !== undefined && (place === 'linux' || place === 'colab')) {
    const what = `install the part of the driver that has Vulkan, of the same version (${driver})`;
    const install = place === 'colab' ? '!apt-get install -y' : 'sudo apt-get install';
    steps.push({ what, line: `${install} libnvidia-gl-${driver.split('.')[0]}` });
  }
  steps.push(...packageStep(place, missing), ...variableStep(missing, variable));
  if (lacks('ICD file') && !lacks('driver library')) steps.push(icdStep(place));
  return steps;
}

const slurmStep: Remedy = { what: 'ask Slurm for a card', line: '#SBATCH --gres=gpu:1' };

/** Older runtimes do not pass the file on. */
function icdStep(place: Place): Remedy {
  if (place === 'apptainer') {
    return {
      what: 'bind the ICD file of the host',
      line: 'apptainer exec --nv --bind /usr/share/vulkan/icd.d/nvidia_icd.json ...',
    };
  }
  const what =
    place === 'linux' || place === 'colab'
      ? 'write the ICD file'
      : 'update nvidia-container-toolkit on the host to 1.18 or newer, or write the ICD file';
  const [shell, sudo] = [place === 'colab' ? '!' : '', place === 'linux' ? 'sudo ' : ''];
  return {
    what,
    line: `${shell}${sudo}mkdir -p ${ICD_FOLDER} && echo '${ICD_JSON}' | ${sudo}tee ${ICD_FOLDER}/nvidia_icd.json`,
  };
}

function mesaRemedies({ place, missing, variable }: Trouble): Remedy[] {
  const lacks = (name: PartName): boolean => missing.includes(name);
  const steps: Remedy[] = [];
  if (lacks('job with a card')) steps.push(slurmStep);
  if (lacks('device node') && !lacks('job with a card')) {
    const line: Partial<Record<Place, string>> = {
      docker: 'docker run --device /dev/dri ...',
      podman: 'podman run --device /dev/dri ...',
      apptainer: 'apptainer exec --bind /dev/dri ...',
      kubernetes: '{resources: {limits: {amd.com/gpu: 1}}}, or gpu.intel.com/i915: 1',
    };
    steps.push({
      what: line[place] ? 'start the container with' : 'see whether the kernel has a driver for the card',
      line: line[place] ?? 'ls /dev/dri',
    });
  }
  if (lacks('right to the device node')) {
    const group: Partial<Record<Place, string>> = {
      docker: 'docker run --device /dev/dri --group-add $(stat -c %g /dev/dri/renderD128) ...',
      podman: 'podman run --device /dev/dri --group-add keep-groups ...',
    };
    const what = group[place]
      ? 'start the container in the group of the node'
      : 'join the group of the node, and log in again';
    steps.push({ what, line: group[place] ?? 'sudo usermod -aG render $USER' });
  }
  steps.push(...variableStep(missing, variable));
  const packages = [
    ...(lacks('Vulkan loader') ? ['libvulkan1'] : []),
    ...(lacks('ICD file') ? ['mesa-vulkan-drivers'] : []),
  ];
  return packages.length > 0 ? [...steps, installStep(place, packages)] : steps;
}

function packageStep(place: Place, missing: readonly PartName[]): Remedy[] {
  const packages = missing.flatMap((name) => PACKAGES[name] ?? []);
  return packages.length > 0 ? [installStep(place, packages)] : [];
}

function installStep(place: Place, packages: readonly string[]): Remedy {
  const names = packages.join(' ');
  const inImage = { what: 'install in the image', line: `RUN apt-get update && apt-get install -y ${names}` };
  const by: Partial<Record<Place, Remedy>> = {
    docker: inImage,
    podman: inImage,
    kubernetes: inImage,
    apptainer: {
      what: 'install in the image, in %post of its definition',
      line: `apt-get update && apt-get install -y ${names}`,
    },
    colab: { what: 'install', line: `!apt-get install -y ${names}` },
  };
  return by[place] ?? { what: 'install (names of Debian and Ubuntu)', line: `sudo apt-get install ${names}` };
}

function variableStep(missing: readonly PartName[], variable: string | undefined): Remedy[] {
  if (!missing.includes('driver variable')) return [];
  return [{ what: 'the variable leads past the driver', line: `unset ${variable ?? 'VK_DRIVER_FILES'}` }];
}
