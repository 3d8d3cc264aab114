/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every Varlink service answers in the same way (varlink.org/Service). */
#include "proto/varlink.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "proto/varlink_idl.h"

#define SERVICE "org.varlink.service"

static const char service_description[] =
	"# Who serves here, and what.\n"
	"interface " SERVICE "\n"
	"\n"
	"# The service and the names of its interfaces.\n"
	"method GetInfo() -> (\n"
	"  vendor: string,\n"
	"  product: string,\n"
	"  version: string,\n"
	"  url: string,\n"
	"  interfaces: []string\n"
	")\n"
	"\n"
	"# The text that describes one of the interfaces.\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"\n"
	"error InterfaceNotFound (interface: string)\n"
	"\n"
	"error MethodNotFound (method: string)\n"
	"\n"
	"# Described, but not served.\n"
	"error MethodNotImplemented (method: string)\n"
	"\n"
	"error InvalidParameter (parameter: string)\n"
	"\n"
	"# The method answers more than once and was called without `more`.\n"
	"error ExpectedMore ()\n";

static const struct varlink_interface service_interface = { SERVICE, service_description };

static const struct varlink_interface *find_interface(const struct varlink_service *service,
						      const char *name, size_t len)
{
	if (strlen(SERVICE) == len && memcmp(name, SERVICE, len) == 0)
		return &service_interface;
	for (size_t i = 0; i < service->interface_count; i++) {
		const struct varlink_interface *interface = &service->interfaces[i];

		if (strlen(interface->name) == len && memcmp(name, interface->name, len) == 0)
			return interface;
	}
	return NULL;
}

/* An error with one string in its parameters. */
static json_t *make_named_error(const char *error, const char *key, const char *value, size_t len)
{
	json_t *parameters = json_object();

	if (json_object_set_new(parameters, key, json_stringn(value, len)) < 0) {
		json_decref(parameters);
		return NULL;
	}
	return varlink_make_error(error, parameters);
}

/* org.varlink.service.InvalidParameter, with the name of the parameter. */
static json_t *make_invalid_parameter(const char *parameter)
{
	return make_named_error(SERVICE ".InvalidParameter", "parameter", parameter,
				strlen(parameter));
}

json_t *varlink_make_expected_more(void)
{
	return varlink_make_error(SERVICE ".ExpectedMore", json_object());
}

static json_t *interface_names(const struct varlink_service *service)
{
	json_t *names = json_array();
	int r = json_array_append_new(names, json_string(SERVICE));

	for (size_t i = 0; r == 0 && i < service->interface_count; i++)
		r = json_array_append_new(names, json_string(service->interfaces[i].name));
	if (r == 0)
		return names;
	json_decref(names);
	return NULL;
}

static json_t *get_info(const struct varlink_service *service)
{
	const char *const rows[][2] = {
		{ "vendor", service->vendor },
		{ "product", service->product },
		{ "version", service->version },
		{ "url", service->url },
	};
	json_t *info = json_object();
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT(rows); i++)
		r = json_object_set_new(info, rows[i][0], json_string(rows[i][1]));
	if (r == 0)
		r = json_object_set_new(info, "interfaces", interface_names(service));
	if (r == 0)
		return varlink_make_reply(info, false);
	json_decref(info);
	return NULL;
}

static json_t *get_description(const struct varlink_service *service, json_t *parameters)
{
	const char *name = json_string_value(json_object_get(parameters, "interface"));
	const struct varlink_interface *interface = find_interface(service, name, strlen(name));
	json_t *reply;

	if (!interface)
		return make_named_error(SERVICE ".InterfaceNotFound", "interface", name,
					strlen(name));
	reply = json_object();
	if (json_object_set_new(reply, "description", json_string(interface->description)) == 0)
		return varlink_make_reply(reply, false);
	json_decref(reply);
	return NULL;
}

/* The standard error that a call deserves. Returns 1 and the error (NULL: out of memory), or 0. */
static int refuse(const struct varlink_interface *interface, const struct varlink_call *call,
		  const char *method, json_t **ret_reply)
{
	char field[VARLINK_FIELD_MAX];

	if (!varlink_idl_has_method(interface->description, method))
		*ret_reply = make_named_error(SERVICE ".MethodNotFound", "method", call->method,
					      strlen(call->method));
	else if (call->upgrade)
		*ret_reply = make_invalid_parameter("upgrade");
	else if (varlink_idl_check(interface->description, method, VARLINK_PARAMETERS,
				   call->parameters, field) < 0)
		*ret_reply = make_invalid_parameter(field);
	else
		return 0;
	return 1;
}

int varlink_service_answer(const struct varlink_service *service, const struct varlink_call *call,
			   json_t **ret_reply)
{
	const char *dot = strrchr(call->method, '.');
	const struct varlink_interface *interface;
	json_t *reply;

	if (!dot) {
		reply = make_invalid_parameter("method");
		goto answered;
	}
	interface = find_interface(service, call->method, (size_t)(dot - call->method));
	if (!interface)
		reply = make_named_error(SERVICE ".InterfaceNotFound", "interface", call->method,
					 (size_t)(dot - call->method));
	else if (refuse(interface, call, dot + 1, &reply))
		goto answered;
	else if (interface != &service_interface)
		return 0;
	else if (strcmp(dot + 1, "GetInfo") == 0)
		reply = get_info(service);
	else
		reply = get_description(service, call->parameters);
answered:
	if (!reply)
		return -ENOMEM;
	*ret_reply = reply;
	return 1;
}
