import { EdgewiseError } from '../base/errors.js';
import { firstLine } from './first-error.js';
import type { WeightStorage } from '../base/stored-values.js';
import { kernelRecord, kernelSource, type KernelName } from './kernel.js';

const COMPUTE = 0x04; // GPUShaderStage.COMPUTE

/** The compiled kernels of a device, one per kernel, overrides and storage of weights. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #modules = new Map<string, GPUShaderModule>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /**
   * The pipeline of a kernel with these overrides. Concurrent requests share one compilation.
   *
   * @param storage of the weights that the kernel reads.
   * @throws EdgewiseError of kind `kernel` where it does not compile.
   */
  get(
    name: KernelName,
    overrides: Readonly<Record<string, number>>,
    storage: WeightStorage | undefined,
  ): Promise<GPUComputePipeline> {
    const key = `${name} ${storage} ${JSON.stringify(overrides)}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(name, overrides, storage);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #compile(
    name: KernelName,
    overrides: Readonly<Record<string, number>>,
    storage: WeightStorage | undefined,
  ): Promise<GPUComputePipeline> {
    const { bindings } = kernelRecord(name);
    const entries = bindings.map((b) => ({ binding: b.binding, visibility: COMPUTE, buffer: { type: b.type } }));
    const layout = this.#device.createPipelineLayout({
      bindGroupLayouts: [this.#device.createBindGroupLayout({ label: name, entries })],
    });
    try {
      return await this.#device.createComputePipelineAsync({
        label: name,
        layout,
        compute: { module: this.#module(name, storage), entryPoint: name, constants: { ...overrides } },
      });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new EdgewiseError('kernel', `kernels/${name}.wgsl`, firstLine(text), { cause: error });
    }
  }

  #module(name: KernelName, storage: WeightStorage | undefined): GPUShaderModule {
    const key = `${name} ${storage}`;
    let module = this.#modules.get(key);
    if (!module) {
      module = this.#device.createShaderModule({ label: name, code: kernelSource(name, storage) });
      this.#modules.set(key, module);
    }
    return module;
  }
}
