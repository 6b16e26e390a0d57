"use strict";

// Without validatorUrl, Swagger UI would send this service's address to a public validator.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });
