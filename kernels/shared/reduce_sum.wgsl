// Sum over the WORKGROUP invocations of a workgroup (a power of two), by a tree whose shape never varies.
var<workgroup> sum_scratch: array<f32, WORKGROUP>;

fn reduce_sum(value: f32, lane: u32) -> f32 {
  sum_scratch[lane] = value;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) { sum_scratch[lane] += sum_scratch[lane + half]; }
    workgroupBarrier();
  }
  let total = workgroupUniformLoad(&sum_scratch[0]);
  return total;
}
