/* Inside of include/lungo/upgrade.h. definition.c reads, upgrades and writes; compare.c compares.
 */
#ifndef LUNGO_PROTO_DEFINITION_H
#define LUNGO_PROTO_DEFINITION_H

#include <protobuf-c/protobuf-c.h>

#include "lungo/upgrade.h"
#include "proto/document.h"

struct lungo_definition {
    lungo_definition_kind kind;
    lungo_document *document;
    ProtobufCMessage *message;
    char *name; /* of the file, in the document */
};

#endif
