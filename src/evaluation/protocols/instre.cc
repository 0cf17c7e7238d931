// SPDX-License-Identifier: BSD-3-Clause
#include "evaluation/protocols/official.h"
#include "evaluation/protocols/protocols.h"

namespace vantage {

// Wang and Jiang, 2015, in the split of Iscen et al., CVPR 2017.
Protocol evaluation::Instre() { return OfficialProtocol({.name = "instre"}); }

}  // namespace vantage
