/* What the source says of itself, for the catalogue: tables that the build makes of the heads of
 * the layers' files and of the schema's comments (pages.awk). Both end with a nameless entry. */
#ifndef LUNGO_LAYER_PAGES_H
#define LUNGO_LAYER_PAGES_H

typedef struct lungo_page {
    const char *type;                         /* "InnerProduct" */
    const char *text, *differences, *example; /* "" where the head has none */
} lungo_page;

typedef struct lungo_field_note {
    const char *field; /* "ConvolutionParameter.pad" */
    const char *note;
} lungo_field_note;

extern const lungo_page lungo_pages[];
extern const lungo_field_note lungo_field_notes[];

#endif
