// Maximum over the WORKGROUP invocations of a workgroup (a power of two).
var<workgroup> max_scratch: array<f32, WORKGROUP>;

fn reduce_max(value: f32, lane: u32) -> f32 {
  max_scratch[lane] = value;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) { max_scratch[lane] = max(max_scratch[lane], max_scratch[lane + half]); }
    workgroupBarrier();
  }
  let largest = workgroupUniformLoad(&max_scratch[0]);
  return largest;
}
