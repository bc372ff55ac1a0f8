{{- define "sixfold.name" -}}
{{- .Values.nameOverride | default .Release.Name | replace "." "-" | trunc 46 | trimSuffix "-" -}}
{{- end -}}
{{- define "sixfold.version" -}}
{{- if not (contains "@" .) -}}
{{- regexFind ":[A-Za-z0-9][A-Za-z0-9_.-]*$" . | trimPrefix ":" | trunc 63 | trimAll "-_." -}}
{{- end -}}
{{- end -}}
