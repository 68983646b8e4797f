import { fileURLToPath } from 'node:url';
import { aptCandidate, aptGet, aptUpdate, ensureBackports, rootPrefix } from './apt.mjs';
import { distribution } from './distribution.mjs';
import { onPath, run, say, SetupError } from './process.mjs';

const DRIVER_PACKAGES = ['mesa-vulkan-drivers', 'libvulkan1'];
// Dawn refuses the software driver of Mesa 22.3 (Debian 12's own).
const OLDEST_MESA = 23;

/**
 * Name of this machine's WebGPU adapter, or undefined.
 *
 * @returns {string | undefined}
 */
export function findAdapter() {
  const probe = fileURLToPath(new URL('probe-adapter.mjs', import.meta.url));
  const result = run(process.execPath, [probe], { timeoutMs: 60_000 });
  try {
    return JSON.parse(result.stdout) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Finds an adapter; where there is none and the package manager can help, installs a software Vulkan driver first. */
export function ensureAdapter() {
  const present = findAdapter();
  if (present !== undefined) return present;
  const system = distribution();
  const hasApt = system.like.some((id) => id === 'debian' || id === 'ubuntu') && onPath('apt-get') !== undefined;
  if (process.platform !== 'linux' || !hasApt || !rootPrefix()) throw new SetupError(adapterHint(system));

  say('no WebGPU adapter found: installing a software Vulkan driver (Mesa lavapipe)');
  aptUpdate();
  const candidate = aptCandidate('mesa-vulkan-drivers');
  const tooOld = Number.parseInt(candidate ?? '0', 10) < OLDEST_MESA;
  if (tooOld && system.id === 'debian') {
    const suite = ensureBackports(system.codename);
    say(`installing ${DRIVER_PACKAGES.join(' and ')} from ${suite} (the release has Mesa ${candidate}, too old)`);
    aptGet('install', '--no-install-recommends', '-t', suite, ...DRIVER_PACKAGES);
  } else {
    say(`installing ${DRIVER_PACKAGES.join(' and ')} (Mesa ${candidate})`);
    aptGet('install', '--no-install-recommends', ...DRIVER_PACKAGES);
  }
  const installed = findAdapter();
  if (installed === undefined) {
    throw new SetupError(
      `a software Vulkan driver was installed, but there is still no adapter. ${adapterHint(system)}`,
    );
  }
  return installed;
}

/**
 * What to install by hand where set-up cannot: one message for the platform.
 *
 * @param {{ id: string, like: readonly string[], codename: string }} system
 * @param {NodeJS.Platform} [platform]
 */
export function adapterHint(system, platform = process.platform) {
  const start = 'No WebGPU adapter was found.';
  if (platform === 'darwin') {
    return `${start} Edgewise uses Metal here; if macOS quarantined the downloaded module, run: xattr -dr com.apple.quarantine node_modules/webgpu`;
  }
  if (platform === 'win32')
    return `${start} Edgewise uses Direct3D 12 here: install the current driver of the graphics card.`;
  const is = (/** @type {string[]} */ ...ids) => ids.some((id) => system.like.includes(id));
  const packages = DRIVER_PACKAGES.join(' ');
  const install = is('debian', 'ubuntu')
    ? `apt-get install ${packages}` +
      (system.codename === 'bookworm'
        ? ' -t bookworm-backports (with bookworm-backports among the apt sources: Debian 12 itself has a Mesa that is too old)'
        : '')
    : is('fedora', 'rhel', 'centos')
      ? 'dnf install mesa-vulkan-drivers vulkan-loader'
      : is('arch')
        ? 'pacman -S vulkan-swrast vulkan-icd-loader'
        : is('suse', 'opensuse')
          ? 'zypper install libvulkan_lvp libvulkan1'
          : "install the Vulkan loader (libvulkan.so.1) and Mesa's software Vulkan driver (lavapipe), Mesa 23 or newer";
  return `${start} Install the graphics card's Vulkan driver or, as root, Mesa's software driver: ${install}`;
}
