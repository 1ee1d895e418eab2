"""The pages of the site that follow from the code: tables of the registries, commands, studies and notebooks."""
