import { EdgewiseError } from '../base/errors.js';
import { firstLine } from './first-error.js';
import { kernelRecord, type KernelName } from './kernel.js';

const COMPUTE = 0x04; // GPUShaderStage.COMPUTE

/** The compiled kernels of a device, one per kernel and overrides. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #modules = new Map<KernelName, GPUShaderModule>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /**
   * The pipeline of a kernel with these overrides. Concurrent requests share one compilation.
   *
   * @throws EdgewiseError of kind `kernel` where it does not compile.
   */
  get(name: KernelName, overrides: Readonly<Record<string, number>>): Promise<GPUComputePipeline> {
    const key = `${name} ${JSON.stringify(overrides)}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(name, overrides);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #compile(name: KernelName, overrides: Readonly<Record<string, number>>): Promise<GPUComputePipeline> {
    const { bindings } = kernelRecord(name);
    const entries = bindings.map((b) => ({ binding: b.binding, visibility: COMPUTE, buffer: { type: b.type } }));
    const layout = this.#device.createPipelineLayout({
      bindGroupLayouts: [this.#device.createBindGroupLayout({ label: name, entries })],
    });
    try {
      return await this.#device.createComputePipelineAsync({
        label: name,
        layout,
        compute: { module: this.#module(name), entryPoint: name, constants: { ...overrides } },
      });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      throw new EdgewiseError('kernel', `kernels/${name}.wgsl`, firstLine(text), { cause: error });
    }
  }

  #module(name: KernelName): GPUShaderModule {
    let module = this.#modules.get(name);
    if (!module) {
      module = this.#device.createShaderModule({ label: name, code: kernelRecord(name).source });
      this.#modules.set(name, module);
    }
    return module;
  }
}
