/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/mode.h"

#include <jansson.h>

#include "ctl/client/client.h"
#include "ctl/screen/field.h"

enum ctl_mode mode_ask(const struct ctl *ctl)
{
	json_t *reply = client_get(ctl, "GetStatus", NULL);
	enum ctl_mode mode = CTL_MODE_OTHER;

	if (field_is(reply, "mode", "audit"))
		mode = CTL_MODE_AUDIT;
	else if (field_is(reply, "mode", "offload"))
		mode = CTL_MODE_OFFLOAD;
	json_decref(reply);
	return mode;
}

bool mode_is_audit(const struct ctl *ctl)
{
	return mode_ask(ctl) == CTL_MODE_AUDIT;
}
