{{- define "sixfold.name" -}}
{{- .Values.nameOverride | default .Release.Name | trunc 46 | trimSuffix "-" -}}
{{- end -}}
