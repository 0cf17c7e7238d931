// SPDX-License-Identifier: BSD-3-Clause
// All of vantage's public headers that need no LibTorch.
#pragma once

#include "vantage/choice.h"
#include "vantage/colmap.h"
#include "vantage/describer.h"
#include "vantage/descriptors.h"
#include "vantage/error.h"
#include "vantage/evaluation.h"
#include "vantage/image.h"
#include "vantage/index.h"
#include "vantage/losses.h"
#include "vantage/matching.h"
#include "vantage/metrics.h"
#include "vantage/mining.h"
#include "vantage/model.h"
#include "vantage/options.h"
#include "vantage/photos.h"
#include "vantage/run_context.h"
#include "vantage/search.h"
#include "vantage/training.h"
#include "vantage/training_set.h"
#include "vantage/whitening.h"
