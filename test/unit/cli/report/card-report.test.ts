import { expect, test } from 'vitest';
import { cardLines, cardWarning } from '../../../../src/cli/report/card-report.js';
import { diagnoseCard } from '../../../../src/node/card/diagnosis.js';
import { fakeMachine, NVIDIA_FILES, without } from '../../../support/fake-machine.js';

const SOFTWARE = { software: true, adapter: 'mesa llvmpipe' };
const DOCKER = fakeMachine({
  files: { ...without(NVIDIA_FILES, /nvidia_icd/, /lib(EGL|GLX)_nvidia/, /libXext/), '/.dockerenv': '' },
  environment: { NVIDIA_DRIVER_CAPABILITIES: 'compute,utility' },
});

test('a run in software beside a card begins with two lines', () => {
  expect(cardWarning(SOFTWARE, {}, DOCKER)!.split('\n')).toEqual([
    'warning: computing in software (mesa llvmpipe), although this machine has an NVIDIA card (driver 580.159.03), ' +
      'in a Docker container without graphics capability (NVIDIA_DRIVER_CAPABILITIES is "compute,utility"), ' +
      'driver library (neither libGLX_nvidia.so.0 nor libEGL_nvidia.so.0), ' +
      "libXext.so.6 (NVIDIA's driver loads it), ICD file (none of NVIDIA's in /usr/share/vulkan/icd.d)",
    '         start the container with: docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=compute,utility,graphics ...' +
      '   (and 1 more: edgewise info)',
  ]);
});

test('a chosen adapter, a card in use and a machine without one are not warned of', () => {
  expect(cardWarning(SOFTWARE, { adapter: 'cpu' }, DOCKER)).toBeUndefined();
  expect(cardWarning(SOFTWARE, { devices: [0, 0] }, DOCKER)).toBeUndefined();
  expect(cardWarning({ ...SOFTWARE, software: false }, {}, DOCKER)).toBeUndefined();
  expect(cardWarning(SOFTWARE, {}, fakeMachine({}))).toBeUndefined();
});

test('info tells every part, found or missing, and every step', () => {
  const lines = cardLines(diagnoseCard(DOCKER)!);
  expect(lines[0]).toBe(
    'card  an NVIDIA card (driver 580.159.03), in a Docker container, IS NOT USED: the adapter computes in software',
  );
  const rows = lines.filter((line) => /found|MISSING/.test(line));
  expect(rows).toHaveLength(9);
  expect(rows).toContain('  device node               found    /dev/nvidia0');
  expect(rows).toContain("  libXext.so.6              MISSING  NVIDIA's driver loads it");
  expect(lines.slice(-2)).toEqual(['  install in the image:', '    RUN apt-get update && apt-get install -y libxext6']);
});

test('what an environment holds cannot write a line of its own', () => {
  const evil = fakeMachine({ files: NVIDIA_FILES, environment: { VK_DRIVER_FILES: '/x\n\u001b[2Jevil' } });
  expect(cardWarning(SOFTWARE, {}, evil)!.split('\n')).toHaveLength(2);
  for (const line of cardLines(diagnoseCard(evil)!)) expect(line).not.toContain('\u001b');
});
