/** The smallest computation: proves that this browser has WebGPU and that numbers come back. */
export async function run(input: readonly number[]): Promise<{ adapter: string; output: number[] }> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('navigator.gpu gives no adapter');
  const device = await adapter.requestDevice();
  const size = input.length * 4;
  const values = device.createBuffer({
    size,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
  });
  const readback = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(values, 0, Float32Array.from(input));
  const code = `
    @group(0) @binding(0) var<storage, read_write> values: array<f32>;
    @compute @workgroup_size(1) fn add_one(@builtin(global_invocation_id) id: vec3u) { values[id.x] += 1; }`;
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer: values } }],
    }),
  );
  pass.dispatchWorkgroups(input.length);
  pass.end();
  encoder.copyBufferToBuffer(values, 0, readback, 0, size);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  const output = [...new Float32Array(readback.getMappedRange().slice(0))];
  device.destroy();
  return { adapter: `${adapter.info.vendor} ${adapter.info.architecture}`, output };
}
