// The best of the values that the invocations of a workgroup hold, each with its column. Larger is better; of equal
// values the lower column is. NONE comes last. WORKGROUP is a power of two.
const NONE = 0xffffffffu;
var<workgroup> lane_value: array<f32, WORKGROUP>;
var<workgroup> lane_column: array<u32, WORKGROUP>;

struct Best {
  value: f32,
  column: u32,
}

// Whether one comes before the other. NaN never does, except before NONE.
fn precedes(one: Best, other: Best) -> bool {
  if (one.column == NONE) { return false; }
  return other.column == NONE || one.value > other.value || (one.value == other.value && one.column < other.column);
}

// Whether one comes before what an invocation has found so far. Of equal values it keeps the one that it met first, so
// that it must go through them from the lowest column on.
fn beats(one: Best, found: Best) -> bool {
  return found.column == NONE || one.value > found.value;
}

fn best_of_lanes(own: Best, lane: u32) -> Best {
  lane_value[lane] = own.value;
  lane_column[lane] = own.column;
  workgroupBarrier();
  for (var half = WORKGROUP / 2u; half > 0u; half /= 2u) {
    if (lane < half) {
      let other = Best(lane_value[lane + half], lane_column[lane + half]);
      if (precedes(other, Best(lane_value[lane], lane_column[lane]))) {
        lane_value[lane] = other.value;
        lane_column[lane] = other.column;
      }
    }
    workgroupBarrier();
  }
  let value = workgroupUniformLoad(&lane_value[0]);
  let column = workgroupUniformLoad(&lane_column[0]);
  return Best(value, column);
}
