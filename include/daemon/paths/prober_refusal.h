/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why the kernel did not send a probe, for people. */
#pragma once

/* What to do about -errno: a clause without an end. */
const char *prober_refusal_hint(int error);
