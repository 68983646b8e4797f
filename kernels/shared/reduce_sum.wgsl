// One sum at a time. Each invocation first writes its leaves; then all of them get the total. The kernel names the type
// of a leaf: `alias Leaf`.
//#include reduce_sums
const PARTS = 1u;
const LEAVES = 32u;

fn sum_of_leaves(lane: u32) -> Leaf {
  add_leaves(lane);
  let total = workgroupUniformLoad(&leaves[0]);
  return total;
}
